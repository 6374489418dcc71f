import { setTimeout as pause } from "node:timers/promises";

/**
 * Repeats `check` until it does not throw, and resolves with its result. After the timeout, rejects with the last error.
 * By default, it checks ever less often, so that a long wait leaves the processor to what it waits for.
 * @example
 * let answer: number | undefined;
 * setTimeout(() => (answer = 42), 20);
 * await eventually(() => expect(answer).toBe(42), { withinSeconds: 5 });
 */
export async function eventually<Fact>(
  check: () => Fact | Promise<Fact>,
  { withinSeconds = 60, intervalMs }: { withinSeconds?: number; intervalMs?: number } = {},
): Promise<Fact> {
  const start = performance.now();
  const end = start + withinSeconds * 1000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    const elapsedMs = performance.now() - start;
    await pause(intervalMs ?? Math.min(Math.max(30, elapsedMs / 10), 250));
  }
}
