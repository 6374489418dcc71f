import { setTimeout as pause } from "node:timers/promises";
import { type Connection, type Model, Types } from "mongoose";
import { seconds } from "../clock";
import { isDuplicateKey } from "../errors";
import { type Subject, parseEvent } from "../events";
import type { EventBus } from "./event-bus";

/** An aggregate, as an event told of it. */
interface State {
  id: string;
  version: number;
}

interface Recallable extends Model<{ version: number }> {
  /** All that its states are published to. */
  subjects?: Subject[];
  /** The other way round than `publicState`: what is stored of what was published. */
  storedState(state: State): Record<string, unknown>;
  /**
   * Frees what this published state holds from whoever held it before without any event telling so.
   * @returns how many let go
   */
  letGoFor?(state: State): Promise<number>;
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
      const states = await newestStates(model.subjects ?? [], bus, quietMilliseconds);
      return bringAllTo(model, states);
    }),
  );
  return recalled.reduce((total, count) => total + count, 0);
}

/** Of each aggregate, once the broker has had nothing more to tell for a while. */
async function newestStates(subjects: Subject[], bus: EventBus, quietMilliseconds: number): Promise<State[]> {
  const newest = new Map<string, State>();
  let heardAt = performance.now();
  const watchers = subjects.map((subject) =>
    bus.watch(
      subject,
      ({ bytes }) => {
        heardAt = performance.now();
        const { data } = parseEvent(subject, bytes);
        if (!("version" in data)) return;
        const known = newest.get(data.id);
        if (!known || known.version < data.version) newest.set(data.id, data);
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

async function bringAllTo(model: Recallable, states: State[]): Promise<number> {
  let count = 0;
  const refusals: { state: State; error: unknown }[] = [];
  for (const state of states) {
    try {
      if (await bringTo(model, state)) count++;
    } catch (error) {
      // Somebody here still holds what it took, until it is brought to a state in which it has let go.
      if (!isDuplicateKey(error)) throw error;
      refusals.push({ state, error });
    }
  }
  const [first] = refusals;
  if (!first) return count;
  const refused = refusals.map(({ state }) => state);
  if (refusals.length === states.length && !(await letGo(model, refused))) throw first.error;
  return count + (await bringAllTo(model, refused));
}

/** Resolves with whether anybody did. */
async function letGo(model: Recallable, states: State[]): Promise<boolean> {
  let count = 0;
  for (const state of states) count += (await model.letGoFor?.(state)) ?? 0;
  return count > 0;
}

async function bringTo(model: Recallable, state: State): Promise<boolean> {
  const { id, version } = state;
  const known = await model.findById(id, { version: 1 });
  if (known && known.version >= version) return false;
  const stored = model.storedState(state);
  const gone = Object.keys(stored).filter((field) => stored[field] === undefined);
  await model.updateOne(
    { _id: id },
    {
      $set: { ...stored, version },
      $unset: Object.fromEntries(gone.map((field) => [field, 1])),
      $setOnInsert: { createdAt: new Types.ObjectId(id).getTimestamp() },
    },
    { upsert: true },
  );
  return true;
}
