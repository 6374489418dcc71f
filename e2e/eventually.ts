import { setTimeout as wait } from "node:timers/promises";

/** Looks again and again until `look` does not throw; when its time is over, rejects with what it threw last. */
export async function eventually<Fact>(
  look: () => Fact | Promise<Fact>,
  { withinSeconds = 10, intervalMs = 50 } = {},
): Promise<Fact> {
  const end = performance.now() + withinSeconds * 1000;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await wait(intervalMs);
  }
}
