import { setTimeout as pause } from "node:timers/promises";

/**
 * Repeats `check` until it does not throw, and resolves with its result. After the timeout, rejects with the last error.
 * @example
 * let answer: number | undefined;
 * setTimeout(() => (answer = 42), 20);
 * await eventually(() => expect(answer).toBe(42), { withinSeconds: 5 });
 */
export async function eventually<Fact>(
  check: () => Fact | Promise<Fact>,
  { withinSeconds = 60, intervalMs = 30 } = {},
): Promise<Fact> {
  const end = performance.now() + withinSeconds * 1000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await pause(intervalMs);
  }
}
