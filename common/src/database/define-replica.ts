import {
  type Connection,
  type HydratedDocument,
  type IndexDefinition,
  type IndexOptions,
  type Model,
  type ObtainDocumentType,
  Schema,
  mongo,
} from "mongoose";
import { clock } from "../base/clock";
import { isDuplicateKey } from "../contract/errors";
import type { EventData, Subject } from "../contract/events";
import { failpoint } from "../base/failpoint";
import { joined } from "../base/joined";
import { serviceOf } from "./database";
import { type Fields, type LoggedModel, changeTo } from "./logged-model";

/** Fields that every replica has in addition to its own. */
const ownFields = {
  createdAt: { type: Date, required: true },
  version: { type: Number, required: true },
};

type Stored<F> = ObtainDocumentType<F & typeof ownFields>;
type Instance<F, M> = HydratedDocument<Stored<F>, M>;

export interface ReplicaDefinition<S extends Subject, F, M> {
  /** The subjects that its source publishes its states to. */
  subjects: readonly S[];
  /** As Mongoose defines fields. */
  fields: F;
  /** All fields of the replica of a published state: `undefined` removes one, `unchanged` leaves it as it is. */
  from: (state: EventData<S>) => Record<keyof F, unknown>;
  methods?: M & ThisType<Instance<F, M>>;
  indexes?: [fields: IndexDefinition, options?: IndexOptions][];
}

/**
 * The model that `defineReplica` returns.
 * @example
 * const subjectsOf = <S extends Subject, F, M>({ log }: ReplicaModel<S, F, M>) => log.subjects;
 */
export type ReplicaModel<S extends Subject, F, M> = Model<Stored<F>, object, M, object, Instance<F, M>> & {
  log: LoggedModel<S>;
  /**
   * Applies a state if it is newer than what the replica holds, in one atomic statement. Duplicates, gaps and any order
   * of events, from several processes at once, all end in the newest state. Does not return whether it was new:
   * effects are computed from the replica on every delivery.
   */
  apply: (state: EventData<S>) => Promise<void>;
};

type Update = mongo.UpdateOneModel<mongo.BSON.Document>;

/**
 * The reasons for which updates were rejected, by their index, if all others are known to be stored.
 * @throws if that is not known
 */
function refusalsOf(error: unknown): [index: number, refusal: Error][] {
  if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
  const writeErrors = [error.writeErrors].flat();
  const concernError = error.result.getWriteConcernError();
  if (concernError) throw withCode(concernError);
  if (writeErrors.length === 0) throw error;
  return writeErrors.map((refusal) => [refusal.index, withCode(refusal)]);
}

const withCode = ({ errmsg, code }: { errmsg?: string | undefined; code?: number | undefined }) =>
  Object.assign(new Error(errmsg), { code });

/**
 * Defines a replica: what a service keeps of another service's aggregate, always the newest state that it has received.
 * @example
 * const Ticket = defineReplica(createDatabase("orders"), "Ticket", {
 *   subjects: ["ticket:created", "ticket:updated"],
 *   fields: { title: { type: String, required: true } },
 *   from: ({ title }) => ({ title }),
 * });
 * const [ticketCreated, ticketUpdated] = listeners(["ticket:created", "ticket:updated"], Ticket.apply);
 */
export function defineReplica<S extends Subject, F extends Fields, M extends object = object>(
  database: Connection,
  name: string,
  { subjects, fields, from, methods, indexes = [] }: ReplicaDefinition<S, F, M>,
): ReplicaModel<S, F, M> {
  const schema = new Schema({ ...ownFields, ...fields }, { versionKey: false, methods: { ...methods } });
  for (const [keys, options] of indexes) schema.index(keys, options);
  const model = database.model(name, schema);
  const service = serviceOf(database);

  /** Updates that arrive during a write share the next one. @returns why each was rejected, if it was */
  const write = joined(async (updates: Update[]): Promise<(Error | undefined)[]> => {
    const refusals = updates.map((): Error | undefined => undefined);
    try {
      const operations = updates.map((updateOne) => ({ updateOne }));
      await model.collection.bulkWrite(operations, { ordered: false });
    } catch (error) {
      for (const [index, refusal] of refusalsOf(error)) refusals[index] = refusal;
    }
    return refusals;
  });

  const apply = async (state: EventData<S>): Promise<void> => {
    const { id, version } = state as { id: string; version: number };
    const { $set, ...others } = changeTo(version, from(state), clock.date());
    const update = { ...others, $set: model.castObject($set) };
    const filter = { ...model.castObject({ _id: id }), version: { $lt: version } };

    await failpoint(`${service}.apply.before`);
    let refusal = await write({ filter, update, upsert: true });
    // Either the replica is as new already, or two first events raced and this one, perhaps the newer, lost the insert.
    if (isDuplicateKey(refusal)) refusal = await write({ filter, update });
    if (refusal) throw refusal;
    await failpoint(`${service}.apply.after`);
  };
  const log: LoggedModel<S> = { subjects, toStored: from };
  return Object.assign(model, { apply, log }) as never;
}
