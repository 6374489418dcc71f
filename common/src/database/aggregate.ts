import { randomUUID } from "node:crypto";
import { type Connection, Schema, type Types } from "mongoose";
import { updateIfCurrentPlugin } from "mongoose-update-if-current";
import { clock } from "../clock";
import { currentContext } from "../context";
import { type Event, type Subject, checkedData } from "../events";
import { failpoint } from "../failpoint";
import { serviceOf } from "./database";

/** What every aggregate has besides its own fields. Spread it into the schema's definition. */
export const aggregateFields = {
  createdAt: { type: Date, required: true, immutable: true, default: () => clock.date() },
  version: { type: Number, required: true, default: 0 },
  /** When it was last saved, so that `reannounce` can be told to begin there. */
  changedAt: { type: Date },
  /** Events that the broker has not stored yet, oldest first. Only ever pushed to and pulled from, never assigned. */
  outbox: { type: [Schema.Types.Mixed] },
};

/** What the next save says to the other services. */
type Recording = { subject: Subject } | { nothing: string };

const recordings = new WeakMap<object, Recording>();

/** What a save that has begun leaves to the relay. A save that did not end well stays here: load the aggregate again. */
const saving = new WeakMap<object, Event | undefined>();

function remember(aggregate: object, recording: Recording): void {
  if (recordings.has(aggregate))
    throw new Error("One save makes one event at most, and one is recorded already");
  recordings.set(aggregate, recording);
}

/** What every aggregate can do besides its own rules. Spread it into the schema's `methods`. */
export const aggregateMethods = {
  /** The next save publishes the public state, as it will be then, to `subject`. */
  record(subject: Subject): void {
    remember(this, { subject });
  },
  /** The next save is nobody else's business; `why` is for the reader. */
  recordNothing(why: string): void {
    remember(this, { nothing: why });
  },
};

/** An aggregate as the plugin and the relay see it. */
export interface Aggregate {
  id: string;
  version: number;
  createdAt: Date;
  changedAt?: Date | null;
  _id: Types.ObjectId;
  isNew: boolean;
  db: Connection;
  collection: { name: string };
  outbox?: unknown[] | null;
  /** All that the outside may know, in events as in answers, besides `id`, `version` and `createdAt`. */
  publicState(): object;
}

/**
 * Makes a schema an aggregate: each save is a compare-and-set on `version` (mongoose-update-if-current) and stores
 * the event it causes in the same single-document write, in `outbox`. So a change and its event cannot be parted by a
 * crash. The relay publishes from there. A save that records neither an event nor `recordNothing` is refused.
 * Plug it in after the schema's own save hooks: the event tells what they leave.
 */
export function aggregate(schema: Schema): void {
  schema.set("versionKey", "version");
  schema.plugin(updateIfCurrentPlugin);
  schema.index(
    { "outbox.0.time": 1 },
    { name: "outbox", partialFilterExpression: { "outbox.0": { $exists: true } } },
  );

  schema.pre("save", async function (this: unknown) {
    const self = this as Aggregate;
    const recording = recordings.get(self);
    if (!recording) throw new Error("A save must record its event, or recordNothing() with the reason");
    // The event of the failed save is still in its outbox, and would go out beside the next one.
    if (saving.has(self)) throw new Error("A save of this failed: load it again, then change it");
    if (!self.outbox) throw new Error("An aggregate that was loaded without its outbox cannot be saved");
    recordings.delete(self);
    const event =
      "subject" in recording
        ? describe(self, recording.subject, self.isNew ? 0 : self.version + 1)
        : undefined;
    saving.set(self, event);
    self.changedAt = clock.date();
    if (event) self.outbox.push(event);
    await failpoint(`${serviceOf(self.db)}.save.before`);
  });

  schema.post("save", async function (this: unknown) {
    const self = this as Aggregate;
    const event = saving.get(self);
    saving.delete(self);
    await failpoint(`${serviceOf(self.db)}.save.after`);
    const { collection, _id } = self;
    if (event) self.db.emit(savedEvent, { collection: collection.name, _id, event } satisfies Saved);
  });

  schema.set("toJSON", {
    transform: (document) => {
      const self = document as unknown as Aggregate;
      return { id: self.id, version: self.version, createdAt: self.createdAt, ...self.publicState() };
    },
  });
}

/** Emitted by a database when an aggregate was saved, so that the relay need not wait for its sweep. */
export const savedEvent = "aggregate-saved";

/** A document as the relay sees it. */
export interface WithOutbox {
  _id: Types.ObjectId;
  outbox: Event[];
}

/** What the relay is told: the event that now is in the outbox of this document. */
export interface Saved {
  collection: string;
  _id: Types.ObjectId;
  event: Event;
}

/** The event of an aggregate at a version, as it will be on the wire. */
export function describe(self: Aggregate, subject: Subject, version: number): Event {
  const event = {
    specversion: "1.0",
    id: randomUUID(),
    source: serviceOf(self.db),
    type: subject,
    subject: self.id,
    time: clock.date().toISOString(),
    traceparent: currentContext()?.traceparent,
    data: checkedData(subject, JSON.parse(JSON.stringify({ id: self.id, version, ...self.publicState() }))),
  } as const;
  return JSON.parse(JSON.stringify(event)); // as it is stored: without undefined
}
