import { type Connection, Types, mongo, trusted } from "mongoose";
import { changeTo, loggedModelsOf } from "../database/logged-model";
import { type EventData, type Subject, parseEvent } from "../contract/events";
import { logger } from "../base/logger";
import type { EventBus, LoggedMessage } from "../messaging/event-bus";
import { RebuildProgress } from "./rebuild-progress";

/** An aggregate, as in its events. */
type State = Extract<EventData<Subject>, { version: number }>;

type RebuiltModel = ReturnType<typeof loggedModelsOf>[number];

/**
 * Rebuilds a database from the broker's log: brings every aggregate and every replica to the newest state that was
 * published, for a database that was restored from an older copy, or lost. What was never published stays lost. The
 * service must not run meanwhile: on top of an old state it would publish versions that other services already have with
 * different content. The others may: each channel is read up to the message that is its last one when its turn comes.
 * That is enough, because the stopped service publishes nothing, and what the others publish later waits in the broker
 * until the service's group is back.
 *
 * Each batch of a log is written at once, gated by versions, so memory does not grow with the log. An event has the
 * whole state, so no order is needed. Progress is stored: after an interruption, it continues there.
 * @returns how many states were written; 0 when nothing was missing or older
 */
export async function rebuild(database: Connection, bus: EventBus): Promise<number> {
  const models = loggedModelsOf(database);
  const progress = new RebuildProgress(database);
  const counts = await Promise.all(models.map((model) => rebuildModel(model, bus, progress)));
  await progress.forget();
  return counts.reduce((total, count) => total + count, 0);
}

/** MongoDB's error code of a unique index violation. */
const duplicateKey = 11_000;

/** The result of writing some states. */
interface Outcome {
  written: number;
  /** The error of a unique index, and the states that it rejected. */
  refusal?: { error: Error; states: State[] };
}

/**
 * Reads the logs again from the first state that a unique index rejected, until none is. Another document still held
 * what the state has taken, and is meanwhile brought to a later state in which it is free.
 * @throws the index's error when no further state can be written
 */
async function rebuildModel(model: RebuiltModel, bus: EventBus, progress: RebuildProgress): Promise<number> {
  let total = 0;
  let mayRelease = false;
  for (;;) {
    const { written, refusal } = await readAll(model, bus, progress, mayRelease);
    total += written;
    if (!refusal) return total;
    if (written === 0 && mayRelease) throw refusal.error;
    mayRelease = written === 0;
  }
}

async function readAll(
  model: RebuiltModel,
  bus: EventBus,
  progress: RebuildProgress,
  mayRelease: boolean,
): Promise<Outcome> {
  const all: Outcome = { written: 0 };
  // Final states first: earlier states are then not newer, and what they held is free.
  for (const subject of model.log.subjects.toReversed())
    for (const log of bus.logs) {
      let isRefused = false;
      const after = await progress.load(model, log, subject);
      for await (const messages of log.read(subject, { after })) {
        const { written, refusal } = await write(model, newestStates(subject, messages), mayRelease);
        all.written += written;
        all.refusal ??= refusal;
        isRefused ||= refusal !== undefined;
        const last = messages.at(-1);
        if (last && !isRefused) await progress.save(model, log, subject, last);
      }
    }
  return all;
}

/** Of each aggregate. */
function newestStates(subject: Subject, messages: LoggedMessage[]): State[] {
  const newest = new Map<string, State>();
  for (const { sequence, bytes } of messages) {
    try {
      const { data } = parseEvent(subject, bytes);
      if (!("version" in data)) continue;
      const known = newest.get(data.id);
      if (!known || known.version < data.version) newest.set(data.id, data);
    } catch (error) {
      logger.warn({ err: error, subject, sequence }, "skipped a message that is not an event");
    }
  }
  return [...newest.values()];
}

async function write(model: RebuiltModel, states: State[], mayRelease: boolean): Promise<Outcome> {
  const ids = states.map(({ id }) => id);
  const stored = await model.find({ _id: trusted({ $in: ids }) }, { version: 1 }).lean();
  const versions = new Map(stored.map(({ _id, version }) => [String(_id), version]));
  const newer = states.filter(({ id, version }) => version > (versions.get(id) ?? -1));
  const outcome = await upsert(model, newer);
  if (!outcome.refusal || !mayRelease) return outcome;

  let freed = 0;
  for (const state of outcome.refusal.states) freed += (await model.log.release?.(state)) ?? 0;
  if (freed === 0) return outcome;
  const again = await upsert(model, outcome.refusal.states);
  return { ...again, written: outcome.written + again.written };
}

async function upsert(model: RebuiltModel, states: State[]): Promise<Outcome> {
  const writes = states.map((state) => {
    const { id, version } = state;
    const createdAt = new Types.ObjectId(id).getTimestamp();
    return {
      updateOne: {
        // Also without a version: documents may be older than the events of their model.
        filter: { _id: id, version: trusted({ $not: { $gte: version } }) },
        update: changeTo(version, model.log.toStored(state), createdAt),
        upsert: !model.log.isUpdatedOnly,
      },
    };
  });
  try {
    const { upsertedCount, modifiedCount } = await model.bulkWrite(writes, {
      ordered: false,
      throwOnValidationError: true,
    });
    return { written: upsertedCount + modifiedCount };
  } catch (error) {
    if (!(error instanceof mongo.MongoBulkWriteError) || error.err) throw error;
    const refusals = [error.writeErrors].flat();
    if (refusals.length === 0 || refusals.some(({ code }) => code !== duplicateKey)) throw error;
    const refused = refusals.flatMap(({ index }) => states.slice(index, index + 1));
    return {
      written: error.upsertedCount + error.modifiedCount,
      refusal: { error, states: refused },
    };
  }
}
