import type { Connection, Model } from "mongoose";
import type { EventData, Subject } from "../contract/events";

/** Definitions of stored fields, as Mongoose takes them. */
export type Fields = Record<string, object>;

/** What a rebuild from the broker's log needs of the model of an aggregate or a replica. */
export interface LoggedModel<S extends Subject = Subject> {
  /** The subjects of its states, in the order of its lifecycle. */
  subjects: readonly S[];
  /** The stored fields of a published state: `undefined` removes one, `unchanged` leaves it as it is. */
  toStored: (state: EventData<S>) => Record<string, unknown>;
  /** Its events lack required fields: a rebuild updates the documents that exist, and inserts none. */
  isUpdatedOnly?: boolean | undefined;
  /**
   * Frees what a published state holds from an aggregate that held it before, where no event reports that.
   * @returns how many were changed
   */
  release?: ((state: EventData<S>) => Promise<number>) | undefined;
}

/**
 * For a field that no event contains: keeps the stored value.
 * @example
 * const Ticket = defineReplica(createDatabase("orders"), "Ticket", {
 *   subjects: ["ticket:updated"],
 *   fields: { title: { type: String }, firstPrice: { type: Number } },
 *   from: ({ title, price, version }) => ({ title, firstPrice: version === 0 ? price : unchanged }),
 * });
 */
export const unchanged = Symbol("unchanged");

/** The update of a document, inserted at `createdAt` if it is new, to these fields. */
export function changeTo(version: number, fields: Record<string, unknown>, createdAt: Date) {
  const changed = Object.entries(fields).filter(([, value]) => value !== unchanged);
  const removed = changed.filter(([, value]) => value === undefined).map(([field]) => [field, 1 as const]);
  return {
    $set: { ...Object.fromEntries(changed), version },
    $unset: Object.fromEntries(removed),
    $setOnInsert: { createdAt },
  };
}

/** The models of a database that are aggregates or replicas. */
export const loggedModelsOf = (database: Connection) =>
  Object.values(database.models).filter((model) => "log" in model) as unknown as (Model<{
    version: number;
  }> & {
    log: LoggedModel;
  })[];
