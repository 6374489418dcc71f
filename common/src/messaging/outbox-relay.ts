import type { Connection } from "mongoose";
import { clock, seconds } from "../clock";
import { type Saved, type WithOutbox, savedEvent } from "../database/aggregate";
import { serviceOf } from "../database/database";
import type { Event } from "../events";
import { failpoint } from "../failpoint";
import { logger } from "../logger";
import { metrics } from "../metrics";
import { every } from "../sweep";
import type { EventBus } from "./event-bus";
import { publishEvent } from "./publish-event";

const unpublished = { "outbox.0": { $exists: true } };

/** What is so old was left behind: who saved it has died, or the broker was away. */
const leftBehind = () => ({
  ...unpublished,
  "outbox.0.time": { $lte: new Date(clock.now() - seconds(2)).toISOString() },
});

/**
 * Publishes what saves left in the outboxes and takes it out once the broker has stored it. Events of one aggregate go
 * one at a time and in order; several aggregates go at once. It may publish twice (a crash in between, or a second
 * process), never not at all. A save hands its event to the relay of its own process; a sweep each second publishes what
 * was left behind, whoever saved it.
 */
export class OutboxRelay {
  /** Of each aggregate at work: the end of its line. It resolves with whether its events were published. */
  private readonly lines = new Map<string, Promise<boolean>>();
  private readonly collections: string[];
  private readonly sweep = every(seconds(1), () => this.publishFound(leftBehind()));

  constructor(
    private readonly database: Connection,
    private readonly bus: EventBus,
    private readonly mostAtOnce = 32,
  ) {
    this.collections = Object.values(database.models)
      .filter((model) => model.schema.path("outbox"))
      .map((model) => model.collection.name);
  }

  start(): void {
    this.database.on(savedEvent, this.publishSaved);
    this.sweep.start();
  }

  /** Publishes what it can reach now, and then no more. */
  async stop(): Promise<void> {
    this.database.off(savedEvent, this.publishSaved);
    await this.sweep.stop();
    await this.drain();
  }

  /** Resolves when nothing more can be published: the outboxes are empty, or the broker is away. */
  async drain(): Promise<void> {
    do {
      await Promise.all(this.lines.values());
      await this.publishFound(unpublished);
    } while (this.lines.size > 0);
  }

  private readonly publishSaved = ({ collection, _id, event }: Saved): void => {
    // A client that is disconnected would keep copies and send them whenever it comes back.
    if (this.bus.isConnected) void this.lineUp(collection, _id, [event]);
  };

  /** Looks again for as long as there is something that it can publish. */
  private async publishFound(filter: object): Promise<void> {
    for (const collection of this.collections) {
      let arePublished: boolean[];
      do {
        if (!this.bus.isConnected) return;
        const found = await this.find(collection, filter);
        const idle = found.filter(({ _id }) => !this.lines.has(_id.toHexString()));
        arePublished = await Promise.all(idle.map(({ _id, outbox }) => this.lineUp(collection, _id, outbox)));
      } while (arePublished.includes(true));
    }
  }

  private async find(collection: string, filter: object): Promise<WithOutbox[]> {
    const oldestFirst = {
      projection: { outbox: 1 },
      sort: { "outbox.0.time": 1 },
      limit: this.mostAtOnce,
    } as const;
    const found = await this.documents(collection).find(filter, oldestFirst).toArray();
    metrics.outboxPending.set({ collection }, found.length);
    return found;
  }

  private lineUp(collection: string, _id: WithOutbox["_id"], events: Event[]): Promise<boolean> {
    const id = _id.toHexString();
    const publishNext = async (before: Promise<boolean> | undefined): Promise<boolean> => {
      await before;
      try {
        await this.publish(collection, _id, events);
        return true;
      } catch (error) {
        logger.warn({ err: error, aggregate: id }, "could not publish an event; the sweep does");
        return false;
      } finally {
        if (this.lines.get(id) === end) this.lines.delete(id);
      }
    };
    const end = publishNext(this.lines.get(id));
    this.lines.set(id, end);
    return end;
  }

  private async publish(collection: string, _id: WithOutbox["_id"], events: Event[]): Promise<void> {
    const service = serviceOf(this.database);
    for (const event of events) {
      await publishEvent(this.bus, event);
      await failpoint(`${service}.pull.before`);
      // Losing this write to a crash publishes the event again, which is harmless: it need not wait for the journal.
      await this.documents(collection).updateOne(
        { _id },
        { $pull: { outbox: { id: event.id } } },
        { writeConcern: { w: 1, j: false } },
      );
      await failpoint(`${service}.pull.after`);
    }
  }

  private documents(collection: string) {
    return this.database.collection<WithOutbox>(collection);
  }
}
