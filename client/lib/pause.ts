/**
 * The pause before a repetition, in milliseconds: doubles with each attempt up to a limit, and is drawn from its upper
 * half, so that pages which failed together do not repeat together.
 * @param attempt 0 for the first
 */
export function pauseMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  const longest = Math.min(maxMs, firstMs * 2 ** attempt);
  return longest * (1 - Math.random() / 2);
}
