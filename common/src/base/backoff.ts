/**
 * Exponential backoff: `firstMs` after the first failure, doubled after each further one, at most `maxMs`.
 * @example
 * backoffMs(3, { firstMs: 100, maxMs: seconds(5) }); // => 400
 * backoffMs(30, { firstMs: 100, maxMs: seconds(5) }); // => 5000
 */
export const backoffMs = (failures: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number =>
  Math.min(firstMs * 2 ** (failures - 1), maxMs);

/** Backoff with jitter over the upper half, so that processes that failed at the same time do not retry together. */
export const jitteredBackoffMs = (failures: number, limits: { firstMs: number; maxMs: number }): number =>
  Math.round(backoffMs(failures, limits) * (1 - Math.random() / 2));
