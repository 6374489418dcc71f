import { setTimeout as pause } from "node:timers/promises";

/** Repeats an expectation until it holds; after some seconds, it fails as it stands. */
export async function eventually(expectation: () => void | Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 750; attempt++) {
    try {
      return await expectation();
    } catch {
      await pause(20);
    }
  }
  await expectation();
}
