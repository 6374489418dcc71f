import { clock, currentProcess } from "@eventhive/common";
import type { Payment } from "./models/payment";

/** A request that waits for news of its payment. */
class Waiting {
  private news: Payment | undefined;
  private wake = () => {};
  private woken = this.nextNews();

  private nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  tell(news?: Payment): void {
    this.news ??= news;
    this.wake();
  }

  /**
   * Resolves after this many milliseconds, because another process may receive the news, or earlier.
   * @returns the payment that was saved in the meantime, if this request has to continue with it
   */
  async wait(milliseconds: number): Promise<Payment | undefined> {
    await clock.wait(milliseconds, this.woken);
    this.woken = this.nextNews();
    const { news } = this;
    this.news = undefined;
    return news;
  }
}
export type News = Pick<Waiting, "wait">;

/** The waiting requests of each process, by payment. */
const processes = new WeakMap<object, Map<string, Set<Waiting>>>();

/** Calls `work` with the news of a payment, without missing any. */
export async function withNews<Result>(
  paymentId: string,
  work: (news: News) => Promise<Result>,
): Promise<Result> {
  const payments = processes.get(currentProcess()) ?? new Map<string, Set<Waiting>>();
  processes.set(currentProcess(), payments);
  const requests = payments.get(paymentId) ?? new Set<Waiting>();
  const request = new Waiting();
  payments.set(paymentId, requests.add(request));
  try {
    return await work(request);
  } finally {
    requests.delete(request);
    if (requests.size === 0) payments.delete(paymentId);
  }
}

/**
 * Hands a payment that has just been saved to a request of this process that waits for it, and wakes up the others. This
 * only saves time: the next read finds it, too.
 * @returns whether a request waits
 */
export function announce(payment: Payment): boolean {
  const [first, ...others] = processes.get(currentProcess())?.get(payment.id) ?? [];
  first?.tell(payment);
  for (const other of others) other.tell();
  return first !== undefined;
}
