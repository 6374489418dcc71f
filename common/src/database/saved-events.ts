import type { Connection, Types } from "mongoose";
import type { Event } from "../contract/events";

/** An event that a save has just stored in the outbox of this document. */
export interface SavedEvent {
  collection: string;
  _id: Types.ObjectId;
  event: Event;
}

type Handle = (saved: SavedEvent) => void;

const handlers = new WeakMap<Connection, Set<Handle>>();

/**
 * Calls `handle` with the event of each save in this process, so that the relay need not wait for its sweep.
 * @returns a function that stops it
 */
export function onSave(database: Connection, handle: Handle): () => void {
  const registered = handlers.get(database) ?? new Set();
  handlers.set(database, registered.add(handle));
  return () => registered.delete(handle);
}

export function handOver(database: Connection, saved: SavedEvent): void {
  for (const handle of handlers.get(database) ?? []) handle(saved);
}
