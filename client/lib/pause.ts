/**
 * The pause before a retry, in milliseconds: exponential backoff with a limit. Jitter over the upper half spreads pages
 * that failed at the same time. The same as `jitteredBackoffMs` of common, which is a library for servers: browsers load
 * none of it.
 * @param attempt 0 for the first
 */
export function pauseMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  const maxPauseMs = Math.min(maxMs, firstMs * 2 ** attempt);
  return maxPauseMs * (1 - Math.random() / 2);
}
