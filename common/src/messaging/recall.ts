import { setTimeout as pause } from "node:timers/promises";
import { type Connection, type Model, Types } from "mongoose";
import { seconds } from "../clock";
import { type Subject, parseEvent } from "../events";
import type { EventBus } from "./event-bus";

/** The state of an aggregate, and when it was told. */
interface Told {
  time: string;
  data: { id: string; version: number };
}

interface Recallable extends Model<{ version: number }> {
  /** All that its states are published to. */
  subjects?: Subject[];
  /** The other way round than `publicState`: what is stored of what was published. */
  storedState(data: Told["data"]): Record<string, unknown>;
}

/**
 * Brings every aggregate and every replica to the newest state that the broker has of it: for a database that was
 * restored from an older copy, or lost. What was never published stays lost. The service must not run meanwhile: on top
 * of an old state it would give out versions that everybody else knows with another content.
 * @returns how many were missing or older
 */
export async function recall(
  database: Connection,
  bus: EventBus,
  // Longer than the broker waits for an acknowledgement, so that what went astray has come again.
  { quietMilliseconds = seconds(11) } = {},
): Promise<number> {
  const models = Object.values(database.models) as Recallable[];
  const recalled = await Promise.all(
    models.map(async (model) => {
      const newest = await newestStates(model.subjects ?? [], bus, quietMilliseconds);
      let count = 0;
      // In the order in which they happened: what freed something comes before what took it.
      for (const { data } of newest.toSorted((one, other) => one.time.localeCompare(other.time)))
        if (await bringTo(model, data)) count++;
      return count;
    }),
  );
  return recalled.reduce((total, count) => total + count, 0);
}

/** Of each aggregate, once the broker has had nothing more to tell for a while. */
async function newestStates(subjects: Subject[], bus: EventBus, quietMilliseconds: number): Promise<Told[]> {
  const newest = new Map<string, Told>();
  let heardAt = performance.now();
  const watchers = subjects.map((subject) =>
    bus.watch(
      subject,
      ({ bytes }) => {
        heardAt = performance.now();
        const { time, data } = parseEvent(subject, bytes);
        if (!("version" in data)) return;
        const known = newest.get(data.id);
        if (!known || known.data.version < data.version) newest.set(data.id, { time, data });
      },
      { fromTheBeginning: true },
    ),
  );
  while (watchers.length > 0 && performance.now() - heardAt < quietMilliseconds) {
    await pause(50);
    if (!bus.isConnected) heardAt = performance.now();
  }
  await Promise.all(watchers.map((watcher) => watcher.close()));
  return [...newest.values()];
}

async function bringTo(model: Recallable, data: Told["data"]): Promise<boolean> {
  const { id, version } = data;
  const known = await model.findById(id, { version: 1 });
  if (known && known.version >= version) return false;
  const state = model.storedState(data);
  const gone = Object.keys(state).filter((field) => state[field] === undefined);
  await model.updateOne(
    { _id: id },
    {
      $set: { ...state, version },
      $unset: Object.fromEntries(gone.map((field) => [field, 1])),
      $setOnInsert: { createdAt: new Types.ObjectId(id).getTimestamp() },
    },
    { upsert: true },
  );
  return true;
}
