import type { Connection, Model, Types } from "mongoose";
import { seconds } from "../clock";
import { savedEvent } from "../database/aggregate";
import { serviceOf } from "../database/database";
import type { Event } from "../events";
import { failpoint } from "../failpoint";
import { logger } from "../logger";
import { metrics } from "../metrics";
import type { EventBus } from "./event-bus";

const pending = { "outbox.0": { $exists: true } };

interface Pending {
  _id: Types.ObjectId;
  outbox: Event[];
}

/**
 * Publishes what saves left in the outboxes and takes it out once the broker has stored it. Events of one aggregate go
 * one at a time and in order; several aggregates go at once. It may publish twice (a crash in between, or a second
 * process), never not at all. Every save kicks it; a sweep each second does the same for what was left behind.
 */
export class OutboxRelay {
  private readonly busy = new Map<string, Promise<void>>();
  /** Whose publishing ended since the present look began: what it finds of them may be over. */
  private readonly ended = new Set<string>();
  private searching: Promise<void> | undefined;
  private searchAgain = false;
  private sweep: NodeJS.Timeout | undefined;

  private readonly models: Model<unknown>[];
  private readonly kickOnSave = () => this.kick();

  constructor(
    private readonly database: Connection,
    private readonly bus: EventBus,
    private readonly mostAtOnce = 32,
  ) {
    this.models = Object.values(database.models).filter((model) => model.schema.path("outbox"));
  }

  start(): void {
    this.database.on(savedEvent, this.kickOnSave);
    this.sweep = setInterval(() => this.kick(), seconds(1));
    this.kick();
  }

  /** Publishes what it can reach now, and then no more. */
  async stop(): Promise<void> {
    clearInterval(this.sweep);
    this.database.off(savedEvent, this.kickOnSave);
    await this.drain();
  }

  /** Resolves when nothing more can be published: the outboxes are empty, or the broker is away. */
  async drain(): Promise<void> {
    do {
      this.kick();
      await this.searching;
      await Promise.all(this.busy.values());
    } while (this.searching);
  }

  /** Looks for unpublished events, now or right after the look that is under way. */
  private kick(): void {
    // A client that is disconnected would keep copies and send them whenever it comes back.
    if (!this.bus.isConnected) return;
    this.searchAgain = true;
    this.searching ??= this.search();
  }

  private async search(): Promise<void> {
    do {
      this.searchAgain = false;
      await this.look();
    } while (this.searchAgain);
    this.searching = undefined; // here, not in a later turn: a kick in between would be lost
  }

  private async look(): Promise<void> {
    try {
      for (const model of this.models) await this.startOn(model);
    } catch (error) {
      logger.warn({ err: error }, "could not look for unpublished events; the next sweep does");
    }
  }

  private async startOn(model: Model<unknown>): Promise<void> {
    this.ended.clear();
    const found = await model.collection
      .find<Pending>(pending, {
        projection: { outbox: 1 },
        sort: { "outbox.0.time": 1 },
        limit: this.mostAtOnce,
      })
      .toArray();
    metrics.outboxPending.set({ model: model.modelName }, found.length);
    for (const aggregate of found) {
      const id = aggregate._id.toHexString();
      if (this.busy.has(id) || this.ended.has(id) || this.busy.size >= this.mostAtOnce) continue;
      this.busy.set(
        id,
        this.work(id, () => this.publish(model, aggregate)),
      );
    }
  }

  private async work(id: string, publish: () => Promise<void>): Promise<void> {
    let mayHaveMore = true; // a later event of this aggregate, or aggregates beyond the limit
    try {
      await publish();
    } catch (error) {
      mayHaveMore = false;
      logger.warn({ err: error, aggregate: id }, "could not publish an event; the next sweep does");
    }
    this.busy.delete(id);
    this.ended.add(id);
    if (mayHaveMore) this.kick();
  }

  private async publish(model: Model<unknown>, { _id, outbox }: Pending): Promise<void> {
    const service = serviceOf(this.database);
    for (const event of outbox) {
      await this.bus.publish(event.type, Buffer.from(JSON.stringify(event)));
      metrics.eventsPublished.inc({ subject: event.type });
      await failpoint(`${service}.pull.before`);
      // Losing this write to a crash publishes the event again, which is harmless: it need not wait for the journal.
      await model.updateOne(
        { _id },
        { $pull: { outbox: { id: event.id } } },
        { writeConcern: { w: 1, j: false } },
      );
      await failpoint(`${service}.pull.after`);
    }
  }
}
