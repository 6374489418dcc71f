import { type Connection, trusted } from "mongoose";
import { clock } from "../clock";
import { isDuplicateKey } from "../errors";
import { failpoint } from "../failpoint";
import { serviceOf } from "./database";

/** What every replica has besides its own fields. Spread it into the schema's definition. */
export const replicaFields = {
  createdAt: { type: Date, required: true },
  version: { type: Number, required: true },
};

interface ReplicaModel {
  db: Connection;
  updateOne(filter: object, update: object, options: object): PromiseLike<unknown>;
}

/**
 * Applies the state of another service's aggregate if it is newer than what the replica holds, in one atomic statement.
 * Duplicates, gaps and any order of events, from several processes at once, all end in the newest state.
 * Says nothing about whether it was new: effects are computed from the replica on every delivery.
 * @param state all fields of the replica; those that are `undefined` are removed
 */
export async function applyReplica(
  model: ReplicaModel,
  { id, version, ...state }: { id: string; version: number } & Record<string, unknown>,
): Promise<void> {
  const gone = Object.keys(state).filter((field) => state[field] === undefined);
  const change = {
    $set: { ...state, version },
    $unset: Object.fromEntries(gone.map((field) => [field, 1])),
    $setOnInsert: { createdAt: clock.date() },
  };
  const apply = (upsert: boolean) =>
    model.updateOne({ _id: id, version: trusted({ $lt: version }) }, change, { upsert });

  const service = serviceOf(model.db);
  await failpoint(`${service}.apply.before`);
  try {
    await apply(true);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // Either the replica is as new already, or two first events raced and this one, perhaps the newer, lost the insert.
    await apply(false);
  }
  await failpoint(`${service}.apply.after`);
}
