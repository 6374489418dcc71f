import { type EventBus, type Subscription, closeAll } from "./event-bus";

/**
 * A bus on several brokers, for a migration from one to another: publishes on the first, and receives from all. An event
 * that a bridge has copied arrives once from each. A member handles up to 64 messages of each broker at once.
 */
export function combinedBus(first: EventBus, ...others: EventBus[]): EventBus {
  const buses = [first, ...others];

  const onEach = (open: (bus: EventBus) => Subscription): Subscription => {
    const subscriptions = buses.map(open);
    return { close: () => closeAll(subscriptions) };
  };

  /** @throws while a broker is unavailable: the others do not know its backlog */
  async function largest(measure: (bus: EventBus) => Promise<number | undefined>) {
    if (!buses.every(({ isConnected }) => isConnected)) throw new Error("a broker is unavailable");
    const measured = await Promise.all(buses.map(measure));
    const known = measured.filter((value) => value !== undefined);
    return known.length > 0 ? Math.max(...known) : undefined;
  }

  return {
    /** Whether it can publish. */
    get isConnected() {
      return first.isConnected;
    },
    publish: (...message) => first.publish(...message),
    subscribe: (subject, handle) => onEach((bus) => bus.subscribe(subject, handle)),
    watch: (subject, handle) => onEach((bus) => bus.watch(subject, handle)),
    undeliveredMs: (subject) => largest((bus) => bus.undeliveredMs(subject)),
    storedBytes: () => largest((bus) => bus.storedBytes()),
    logs: buses.flatMap(({ logs }) => logs),
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}
