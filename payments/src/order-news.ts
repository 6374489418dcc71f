import { clock } from "@eventhive/common";

/** Requests of this process that wait for news of an order, at most one entry for each request. */
const waiting = new Map<string, Set<() => void>>();

/**
 * Only saves time: what follows from the news is stored, and the next read finds it.
 * @returns whether a request of this process waits
 */
export function wakeUp(orderId: string): boolean {
  const requests = waiting.get(orderId);
  for (const wake of requests ?? []) wake();
  return requests !== undefined;
}

/** Resolves after so many milliseconds, because another process may receive the news, or earlier with `wakeUp`. */
export async function waitForNews(orderId: string, milliseconds: number): Promise<void> {
  let wake = () => {};
  const news = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const requests = waiting.get(orderId) ?? new Set();
  waiting.set(orderId, requests.add(wake));
  try {
    await clock.wait(milliseconds, news);
  } finally {
    requests.delete(wake);
    if (requests.size === 0) waiting.delete(orderId);
  }
}
