import { randomUUID } from "node:crypto";
import type { Connection, Model, Types } from "mongoose";
import { clock } from "../base/clock";
import { currentContext } from "../base/context";
import { type Event, type Subject, checkedData } from "../contract/events";
import { serviceOf } from "./database";
import { type LoggedModel, loggedModelsOf } from "./logged-model";

/** An aggregate as the relay and republishing see it. */
export interface Aggregate {
  _id: Types.ObjectId;
  id: string;
  version: number;
  createdAt: Date;
  db: Connection;
  collection: { name: string };
  publicState(): object;
}

export interface AggregateLog<S extends Subject> extends LoggedModel<S> {
  currentSubject: (aggregate: unknown) => S | undefined;
}

/** The models of a database that are aggregates. */
export const aggregatesOf = (database: Connection) =>
  loggedModelsOf(database).filter(({ log }) => "currentSubject" in log) as unknown as (Model<Aggregate> & {
    log: AggregateLog<Subject>;
  })[];

/** The JSON form: without undefined, dates as text. Null counts as a missing field. */
export function plain(value: unknown) {
  if (typeof value !== "object") return value; // most fields of every response
  return value === null ? undefined : JSON.parse(JSON.stringify(value));
}

/** The event of an aggregate at a version, as it is sent. */
export function toEvent(aggregate: Aggregate, subject: Subject, version: number): Event {
  const event = {
    specversion: "1.0",
    id: randomUUID(),
    source: serviceOf(aggregate.db),
    type: subject,
    subject: aggregate.id,
    time: clock.date().toISOString(),
    traceparent: currentContext()?.traceparent,
    data: checkedData(subject, { id: aggregate.id, version, ...aggregate.publicState() }),
  } as const;
  return plain(event);
}
