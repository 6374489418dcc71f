import type { Connection, Types } from "mongoose";
import { clock, seconds } from "../base/clock";
import { aggregatesOf } from "../database/aggregate";
import { type SavedEvent, onSave } from "../database/saved-events";
import { serviceOf } from "../database/database";
import { withTimeout } from "../base/with-timeout";
import type { Event } from "../contract/events";
import { failpoint } from "../base/failpoint";
import { joined, waitFor } from "../base/joined";
import { logger } from "../base/logger";
import { metrics } from "../base/metrics";
import { settings, wholeNumber } from "../base/settings";
import { runPeriodically, shuffled } from "../base/sweep";
import type { EventBus } from "../messaging/event-bus";
import { publishEvent } from "../messaging/publish-event";

const unpublished = { "outbox.0": { $exists: true } };

/** Older events were left by a crash, or by an outage of the broker. */
const stale = () => ({
  ...unpublished,
  "outbox.0.time": { $lte: new Date(clock.now() - seconds(2)).toISOString() },
});

const config = settings({
  /** How many stale aggregates one query finds at most. Their ids only: each outbox is read when its turn comes. */
  RELAY_WINDOW: wholeNumber().default(2000),
  /** How many stale aggregates are published concurrently, at most. */
  RELAY_CONCURRENCY: wholeNumber().default(32),
});

/** A document as the relay sees it. */
interface WithOutbox {
  _id: Types.ObjectId;
  outbox: Event[];
}

export interface RelayOptions {
  /** Instead of `RELAY_CONCURRENCY`. */
  maxConcurrency?: number;
  /** How long stopping waits for what is being published. */
  maxStopMs?: number;
}

/** An event that the broker has stored. */
interface Published {
  _id: WithOutbox["_id"];
  eventId: string;
}

/** Of an aggregate whose events were to be published. A duplicate: another process published one of them as well. */
type Outcome = "published" | "duplicate" | "failed";

/**
 * Publishes the events in the outboxes, and removes each once the broker has stored it. Events of one aggregate are
 * published one at a time and in order; several aggregates concurrently. An event may be published twice (after a crash
 * in between, or by a second process), but is never lost. A save hands its event to the relay of its own process; a sweep
 * each second publishes what any process has left behind. All processes share that backlog without leases: each takes it
 * in a random order, reads an outbox right before publishing it, and uses smaller batches when another process was faster.
 */
export class OutboxRelay {
  /** The last publication of each aggregate in progress. */
  private readonly queues = new Map<string, Promise<Outcome>>();
  /** For each collection: takes an event that the broker has stored out of its outbox. */
  private readonly pulls: Map<string, (published: Published) => Promise<boolean>>;
  private readonly sweep = runPeriodically(seconds(1), () => this.publishFound(stale()));
  private readonly options: Required<RelayOptions>;
  private isStopping = false;
  private stopHearingSaves = () => {};

  constructor(
    private readonly database: Connection,
    private readonly bus: EventBus,
    { maxConcurrency = config.RELAY_CONCURRENCY, maxStopMs = seconds(3) }: RelayOptions = {},
  ) {
    this.options = { maxConcurrency, maxStopMs };
    const names = aggregatesOf(database).map((model) => model.collection.name);
    this.pulls = new Map(names.map((name) => [name, joined((published) => this.pull(name, published))]));
  }

  start(): void {
    this.stopHearingSaves = onSave(this.database, (saved) => void this.publishSaved(saved));
    this.sweep.start();
  }

  /**
   * Publishes what this process saved and has begun to publish, for three seconds at most. Everything else stays in the
   * outboxes: other processes save all the time, so waiting for empty outboxes might never end. The next sweep of any
   * process publishes it.
   */
  async stop(): Promise<void> {
    this.stopHearingSaves();
    this.isStopping = true;
    const finish = async () => {
      await this.sweep.stop();
      await Promise.all(this.queues.values());
    };
    await withTimeout(finish(), this.options.maxStopMs).catch((error: unknown) => {
      logger.warn({ err: error, aggregates: this.queues.size }, "stopped before all events were published");
    });
  }

  /** Resolves when nothing more can be published: the outboxes are empty, or the broker is unavailable. For tests. */
  async drain(): Promise<void> {
    do {
      if (this.queues.size > 0) await waitFor(Promise.all(this.queues.values()));
      await this.publishFound(unpublished);
    } while (this.queues.size > 0);
  }

  /** Whether or not the broker is connected: from the index of the outboxes, one entry of each collection. */
  async measure(): Promise<void> {
    for (const collection of this.pulls.keys()) {
      const oldest = await this.documents(collection).findOne(unpublished, {
        projection: { "outbox.time": 1 },
        sort: { "outbox.0.time": 1 },
        timeoutMS: seconds(2),
      });
      const [event] = oldest?.outbox ?? [];
      const ageMs = event ? Math.max(0, clock.now() - Date.parse(event.time)) : 0;
      metrics.outboxOldest.set({ collection }, ageMs / 1000);
    }
  }

  /** Publishes the event of a save of this process, unless the broker is unavailable; never rejects. */
  readonly publishSaved = async ({ collection, _id, event }: SavedEvent): Promise<void> => {
    // A disconnected client would keep copies and send them once it reconnects.
    if (this.bus.isConnected) await this.enqueue(collection, _id, [event]);
  };

  /** Repeats as long as it can publish events. */
  private async publishFound(filter: object): Promise<void> {
    for (const collection of this.pulls.keys()) {
      let isAnyDone: boolean;
      do {
        const found = await this.find(collection, filter);
        const idle = shuffled(found).filter((_id) => !this.queues.has(_id.toHexString()));
        isAnyDone = false;
        let batchSize = 1;
        while (idle.length > 0 && this.isAtWork()) {
          const outcomes = await this.publishOutboxes(collection, idle.splice(0, batchSize), filter);
          isAnyDone ||= outcomes.some((outcome) => outcome !== "failed");
          // As in TCP: many at once while no other process publishes the same events, few after collisions, as at the end.
          const { maxConcurrency } = this.options;
          batchSize = outcomes.includes("duplicate")
            ? Math.ceil(batchSize / 4)
            : Math.min(batchSize * 2, maxConcurrency);
        }
      } while (isAnyDone && this.isAtWork());
    }
  }

  private isAtWork(): boolean {
    return this.bus.isConnected && !this.isStopping;
  }

  private async find(collection: string, filter: object): Promise<WithOutbox["_id"][]> {
    if (!this.isAtWork()) return [];
    const oldestFirst = {
      projection: { _id: 1 },
      sort: { "outbox.0.time": 1 },
      limit: config.RELAY_WINDOW,
    } as const;
    const found = await this.documents(collection).find(filter, oldestFirst).toArray();
    return found.map(({ _id }) => _id);
  }

  /** Publishes `events` after earlier ones of the same aggregate. */
  private enqueue(collection: string, _id: WithOutbox["_id"], events: Event[]): Promise<Outcome> {
    const id = _id.toHexString();
    const publishNext = async (before: Promise<Outcome> | undefined): Promise<Outcome> => {
      if (before) await waitFor(before);
      try {
        return await this.publish(collection, _id, events);
      } catch (error) {
        logger.warn({ err: error, aggregate: id }, "could not publish an event; the sweep retries");
        return "failed";
      } finally {
        if (this.queues.get(id) === end) this.queues.delete(id);
      }
    };
    const end = publishNext(this.queues.get(id));
    this.queues.set(id, end);
    return end;
  }

  /** Reads the outboxes. Those that another process has emptied in the meantime are skipped. */
  private async publishOutboxes(
    collection: string,
    ids: WithOutbox["_id"][],
    filter: object,
  ): Promise<Outcome[]> {
    const current = { _id: { $in: ids }, ...filter };
    const found = await this.documents(collection)
      .find(current, { projection: { outbox: 1 }, hint: "_id_" })
      .toArray();
    const idle = found.filter(({ _id }) => !this.queues.has(_id.toHexString()));
    return Promise.all(idle.map(({ _id, outbox }) => this.enqueue(collection, _id, outbox)));
  }

  private async publish(collection: string, _id: WithOutbox["_id"], events: Event[]): Promise<Outcome> {
    for (const [index, event] of events.entries()) {
      if (index > 0 && this.isStopping) break;
      await publishEvent(this.bus, event);
      const wasThere = await this.pulls.get(collection)?.({ _id, eventId: event.id });
      if (!wasThere) return "duplicate"; // another process is publishing this aggregate, and continues
    }
    return "published";
  }

  /**
   * Removes these events from their outboxes in one write: all that waited for the previous write.
   * @returns for each, whether all of them were still there
   */
  private async pull(collection: string, published: Published[]): Promise<boolean[]> {
    const service = serviceOf(this.database);
    await failpoint(`${service}.pull.before`);
    // Losing this write to a crash publishes the events again, which is harmless: it need not wait for the journal. It
    // waits for the majority, because a sweep, which reads what the majority has, would publish them over and over.
    const { modifiedCount } = await this.documents(collection).updateMany(
      { _id: { $in: published.map(({ _id }) => _id) } },
      { $pull: { outbox: { id: { $in: published.map(({ eventId }) => eventId) } } } },
      { writeConcern: { w: "majority", j: false } },
    );
    await failpoint(`${service}.pull.after`);
    return published.map(() => modifiedCount === published.length);
  }

  private documents(collection: string) {
    return this.database.collection<WithOutbox>(collection);
  }
}
