import type { Connection, Model } from "mongoose";
import { type Aggregate, describe } from "../database/aggregate";
import type { Subject } from "../events";
import type { EventBus } from "./event-bus";
import { publishEvent } from "./publish-event";

interface Announceable extends Aggregate {
  /** The subject that the present state would be published to, or none if it is nobody else's business. */
  presentSubject(): Subject | undefined;
}

/**
 * Publishes the present state of every aggregate again, past the outbox and without touching a document: for a broker
 * that lost its store, or a new consumer. Safe at any time, because nobody applies what is not newer than what he has.
 * @returns how many events were published
 */
export async function reannounce(database: Connection, bus: EventBus): Promise<number> {
  let count = 0;
  for (const model of Object.values(database.models) as Model<Announceable>[]) {
    if (!model.schema.path("outbox")) continue;
    for await (const aggregate of model.find().sort({ _id: 1 }).cursor()) {
      const subject = aggregate.presentSubject();
      if (!subject) continue;
      await publishEvent(bus, describe(aggregate, subject, aggregate.version));
      count++;
    }
  }
  return count;
}
