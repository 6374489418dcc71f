import { measureBacklog } from "./measure-backlog";
import { OutboxRelay } from "./outbox-relay";
import { seconds } from "../base/clock";
import { withTimeout } from "../base/with-timeout";
import type { EventBus, Subscription } from "../messaging/event-bus";
import { consume } from "../messaging/listener";
import type { Store } from "./store";
import { logger } from "../base/logger";
import { metrics } from "../base/metrics";
import type { ServiceDefinition } from "./service-definition";

/** The background parts of a service: relay, listeners, workers and sweeps. */
export class Runtime {
  private readonly relay: OutboxRelay | undefined;
  private subscriptions: Subscription[] = [];
  private stoppingSources: Promise<void> | undefined;

  constructor(
    private readonly definition: ServiceDefinition,
    private readonly store: Store,
    readonly bus: EventBus,
  ) {
    const { store: where } = definition;
    this.relay = "database" in where ? new OutboxRelay(where.database, bus) : undefined;
  }

  /** Needs the store, but not the broker: events wait in the outboxes, and the bus subscribes once it can. */
  start(): void {
    const {
      name,
      publishers = [],
      watchers = [],
      listeners = [],
      workers = [],
      sweeps = [],
    } = this.definition;
    for (const publisher of publishers) publisher.connect(this.bus, name);
    for (const watcher of watchers) watcher.connect(this.bus);
    this.relay?.start();
    const { deadLetters, elections } = this.store;
    this.subscriptions = listeners.map((listener) =>
      this.bus.subscribe(listener.subject, consume(listener, deadLetters, { elections })),
    );
    for (const worker of workers) worker.start();
    for (const sweep of sweeps) sweep.start();
  }

  /**
   * Sets the gauges for alerts; `startService` repeats it. A few indexed reads, each with a timeout. What cannot be
   * measured now keeps its value.
   */
  async measure(): Promise<void> {
    const { bus, store, relay, definition } = this;
    metrics.busConnected.set(bus.isConnected ? 1 : 0);
    // A ping is answered by any member: without a primary, the store is down, although a member responds.
    const isReady = await store.time().then(
      () => true,
      () => false,
    );
    metrics.storeReady.set(isReady ? 1 : 0);
    const measureStore = async () => {
      metrics.deadLetters.set(await withTimeout(store.deadLetters.count(), seconds(2)));
      await relay?.measure();
      if (store.usedVolume) metrics.storeVolumeUsed.set(await store.usedVolume());
      if (store.unhealthyMembers) metrics.unhealthyMembers.set(await store.unhealthyMembers());
    };
    const measureService = async () => {
      for (const measure of definition.measures ?? []) await withTimeout(measure(), seconds(2));
    };
    const measureBroker = async () => {
      const subjects = (definition.listeners ?? []).map(({ subject }) => subject);
      if (subjects.length > 0) await measureBacklog(bus, subjects); // without, no access to the monitoring is needed
    };
    const measured = await Promise.allSettled([
      isReady && measureStore(),
      isReady && measureService(),
      bus.isConnected && measureBroker(),
    ]);
    const isComplete = isReady && bus.isConnected && measured.every(({ status }) => status === "fulfilled");
    if (isComplete) metrics.measuredAt.setToCurrentTime();
    for (const result of measured)
      if (result.status === "rejected") logger.warn({ err: result.reason }, "could not measure a backlog");
  }

  /** Resolves when everything that is saved is published, or the broker is unavailable. */
  async settled(): Promise<void> {
    await this.relay?.drain();
  }

  /**
   * Finishes the events, documents and jobs in progress, and starts no others; waits for at most 20 s. May be called
   * before `stop`, which then waits for the same promise.
   */
  stopSources(): Promise<void> {
    return (this.stoppingSources ??= this.finishSources());
  }

  private async finishSources(): Promise<void> {
    const { sweeps = [], workers = [] } = this.definition;
    const ends = [
      ...this.subscriptions.map((subscription) => subscription.close()),
      ...sweeps.map((sweep) => sweep.stop()),
      ...workers.map((worker) => worker.stop()),
    ];
    await withTimeout(Promise.all(ends), seconds(20)).catch((error: unknown) => {
      logger.warn({ err: error }, "stopped before all work in progress was done");
    });
  }

  /** Finishes what is in flight, source before sink: first what causes events, then their publication (3 s), the bus and the store (2 s each). */
  async stop(): Promise<void> {
    await this.stopSources();
    await this.relay?.stop();
    await this.bus.close();
    await withTimeout(this.store.close(), seconds(2)).catch((error: unknown) => {
      logger.warn({ err: error }, `stopped before ${this.store.name} was closed`);
    });
  }
}
