import { mongo } from "mongoose";
import type { Replication } from "./replication";

type Operation = (this: Owner, ...parameters: unknown[]) => Promise<unknown>;

/** A collection or a cursor, with the concerns that apply if an operation has none of its own. */
interface Owner {
  namespace: string | { toString(): string };
  readConcern?: { level: string };
  writeConcern?: { w?: unknown };
}

interface Concerns {
  readConcern?: { level?: string };
  writeConcern?: { w?: unknown };
}

export interface Interceptor {
  /** Awaited before and after each operation. `point` is, for example, `orders.tickets.findOne.before`. */
  park: (point: string) => Promise<void>;
  /** Awaited immediately after a write. */
  written: (namespace: string) => Promise<void>;
  /** Called before each operation. */
  outcome: () => DatabaseOutcome;
  /** Schedules a write whose caller has already received a timeout. */
  later: (point: string, write: () => Promise<void>) => void;
  replication: Replication;
}

/**
 * The outcome of an operation: it completes, or its caller gets a timeout. A write that times out was executed and its
 * response is lost, or it is executed later.
 */
export type DatabaseOutcome = "answered" | "lost" | "late";

const writes = ["insertOne", "updateOne", "updateMany", "bulkWrite", "deleteOne", "findOneAndUpdate"];
const reads = ["findOne", "countDocuments"];

/** The driver does not send these again to the next primary. */
const unrepeated = ["updateMany"];

export const isWrite = (operation: string): boolean => writes.includes(operation);

/** Operations of the driver call each other. A variable suffices: only one of a task runs at a time. */
let inProgress = 0;

/** Runs operations as parts of one, or of the simulation itself. */
export async function inside<Result>(work: () => Promise<Result>): Promise<Result> {
  inProgress += 1;
  try {
    return await work();
  } finally {
    inProgress -= 1;
  }
}

/** Intercepts every read and write of this process, whichever service it belongs to, once there is an interceptor. */
export function interceptDatabase(current: () => Interceptor | undefined): void {
  const intercept = (owner: object, names: string[]) => {
    for (const name of names) {
      const operation: Operation = Reflect.get(owner, name);
      const intercepted: Operation = async function (...parameters) {
        const interceptor = current();
        if (inProgress > 0 || !interceptor) return operation.apply(this, parameters);
        const { park, written, outcome, later, replication } = interceptor;
        const namespace = String(this.namespace);
        const point = `${namespace}.${name}`;
        const own = (parameters.at(-1) ?? {}) as Concerns;
        const isOfMajority = (own.readConcern ?? this.readConcern)?.level === "majority";
        const awaitsMajority = (own.writeConcern ?? this.writeConcern)?.w === "majority";
        const execute = () => operation.apply(this, parameters);

        const read = () =>
          inside(() => (isOfMajority ? replication.readMajority(namespace, execute) : execute()));
        const write = () =>
          inside(async () => {
            await replication.prepareWrite(namespace);
            const result = await execute();
            await written(namespace);
            return result;
          });
        /** A write that changes nothing, or is refused, is confirmed like any other. */
        const writeUntilConfirmed = async () => {
          for (;;) {
            const [executed] = await Promise.allSettled([write()]);
            const fate = awaitsMajority ? await replication.confirm(namespace, point) : "confirmed";
            if (fate === "rolled back" && !unrepeated.includes(name)) continue;
            if (fate === "rolled back") throw new mongo.MongoNetworkError(`${point}: the primary has failed`);
            if (fate === "open") throw new mongo.MongoOperationTimeoutError(`${point} timed out`);
            if (executed.status === "rejected") throw executed.reason;
            return executed.value;
          }
        };

        await park(`${point}.before`);
        const decided = outcome();
        if (decided === "late" && isWrite(name)) later(point, async () => void (await write()));
        if (decided === "lost" && isWrite(name)) await write();
        if (decided !== "answered") throw new mongo.MongoOperationTimeoutError(`${point} timed out`);
        const result = await (isWrite(name) ? writeUntilConfirmed() : read());
        await park(`${point}.after`);
        return result;
      };
      Reflect.set(owner, name, intercepted);
    }
  };
  intercept(mongo.Collection.prototype, [...writes, ...reads]);
  intercept(mongo.FindCursor.prototype, ["next", "toArray"]);
  intercept(mongo.AggregationCursor.prototype, ["toArray"]);
}
