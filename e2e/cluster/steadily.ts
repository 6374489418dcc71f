/**
 * Calls `work` at this interval, whether or not earlier calls have ended; skips it while `maxOpen` calls are open.
 * @returns a function that stops this and resolves after the last call
 */
export function steadily(
  intervalMs: number,
  work: () => Promise<void>,
  maxOpen = Infinity,
): () => Promise<void> {
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    if (open.size >= maxOpen) return;
    const call = work().finally(() => open.delete(call));
    open.add(call);
  }, intervalMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(open);
  };
}
