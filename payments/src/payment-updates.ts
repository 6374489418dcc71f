import { clock, currentProcess, watcher } from "@eventhive/common";
import { config } from "./config";
import type { Payment } from "./models/payment";

/** How often a request reads its payment without an update, because an event may be lost. */
const pollIntervalMs = 250;
/** The same once orders has decided: a process saves the payment at any moment, and publishes nothing. */
const shortPollIntervalMs = 25;

/** A request that waits for updates of its payment. */
class Waiting {
  private saved: Payment | undefined;
  private isNotified = false;
  private isDecided = false;
  private newestVersion = -1;
  private isCalled = false;
  private call = () => {};

  private nextCall(): Promise<void> {
    return new Promise((resolve) => {
      this.call = () => {
        this.isCalled = true;
        resolve();
      };
    });
  }

  /** This process has saved the payment. */
  notify(saved?: Payment): void {
    this.saved ??= saved;
    this.isNotified = true;
    this.call();
  }

  /** A process has published this version of the payment. */
  onUpdate(version: number): void {
    this.newestVersion = Math.max(this.newestVersion, version);
    this.call();
  }

  /** orders has published the end of the order. */
  expectDecision(): void {
    this.isDecided = true;
    this.call();
  }

  /**
   * Resolves when the payment has changed since `current`, or when it is time to read it.
   * @returns the payment that was saved in the meantime, if this request has to continue with it
   */
  async wait(current: Payment): Promise<Payment | undefined> {
    let isTime = false;
    while (!isTime && !this.isNotified && this.newestVersion <= current.version) {
      this.isCalled = false;
      await clock.wait(this.isDecided ? shortPollIntervalMs : pollIntervalMs, this.nextCall());
      isTime = !this.isCalled;
    }
    const { saved } = this;
    this.saved = undefined;
    this.isNotified = false;
    this.newestVersion = -1; // a read that does not find it yet is not repeated at once
    return saved;
  }
}
export type Updates = Pick<Waiting, "wait">;

/** The waiting requests of each process, by the ids of their payment and of its order. */
const processes = new WeakMap<object, Map<string, Set<Waiting>>>();

const waitingFor = (id: string): Iterable<Waiting> => processes.get(currentProcess())?.get(id) ?? [];

/** Calls `work` with the updates of a payment, without missing any. */
export async function withUpdates<Result>(
  { id, orderId }: Payment,
  work: (updates: Updates) => Promise<Result>,
): Promise<Result> {
  const waiting = processes.get(currentProcess()) ?? new Map<string, Set<Waiting>>();
  processes.set(currentProcess(), waiting);
  const request = new Waiting();
  for (const key of [id, orderId]) waiting.set(key, (waiting.get(key) ?? new Set<Waiting>()).add(request));
  try {
    return await work(request);
  } finally {
    for (const key of [id, orderId]) {
      const requests = waiting.get(key);
      requests?.delete(request);
      if (requests?.size === 0) waiting.delete(key);
    }
  }
}

/**
 * Hands a payment that has just been saved to a request of this process that waits for it, and wakes up the others. This
 * only saves time: the next read finds it, too.
 * @returns whether a request waits
 */
export function announce(payment: Payment): boolean {
  const [first, ...others] = waitingFor(payment.id);
  first?.notify(payment);
  for (const other of others) other.notify();
  return first !== undefined;
}

const published = watcher("payment:created", "payment:failed");
const decided = watcher("order:completed", "order:cancelled");

/** What other processes have saved: with several of them, the one that a request waits in rarely saves its payment. */
export const paymentUpdates: typeof published = {
  ...published,
  connect: (bus) => {
    published.connect(bus);
    published.watch(onUpdate);
  },
};

/** For payments with a charge, whose end is not published. */
export const decisions: typeof decided = {
  ...decided,
  connect: (bus) => {
    if (config.PAYMENT_FLOW !== "charges") return;
    decided.connect(bus);
    decided.watch(expectDecision);
  },
};

function onUpdate({ id, version }: { id: string; version: number }): void {
  for (const request of waitingFor(id)) request.onUpdate(version);
}

function expectDecision({ id }: { id: string }): void {
  for (const request of waitingFor(id)) request.expectDecision();
}
