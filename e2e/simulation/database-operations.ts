import { mongo } from "mongoose";

type Operation = (this: Named, ...parameters: unknown[]) => Promise<unknown>;

interface Named {
  namespace: string | { toString(): string };
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
}

/**
 * The outcome of an operation: it completes, or its caller gets a timeout. A write that times out was executed and its
 * response is lost, or it is executed later.
 */
export type DatabaseOutcome = "answered" | "lost" | "late";

const writes = ["insertOne", "updateOne", "updateMany", "bulkWrite", "deleteOne", "findOneAndUpdate"];
const reads = ["findOne", "countDocuments"];

/** Operations of the driver call each other. A variable suffices: only one runs at a time. */
let isInside = false;

async function inside<Result>(work: () => Promise<Result>): Promise<Result> {
  isInside = true;
  try {
    return await work();
  } finally {
    isInside = false;
  }
}

/** Intercepts every read and write of this process, whichever service it belongs to. */
export function interceptDatabase({ park, written, outcome, later }: Interceptor): void {
  const intercept = (owner: object, names: string[], isWrite: boolean) => {
    for (const name of names) {
      const operation: Operation = Reflect.get(owner, name);
      const intercepted: Operation = async function (...parameters) {
        if (isInside) return operation.apply(this, parameters);
        const namespace = String(this.namespace);
        const point = `${namespace}.${name}`;
        await park(`${point}.before`);
        const perform = async () => {
          const result = await inside(() => operation.apply(this, parameters));
          if (isWrite) await inside(() => written(namespace));
          return result;
        };
        const decided = outcome();
        if (decided === "late" && isWrite) later(point, async () => void (await perform()));
        if (decided === "lost" && isWrite) await perform();
        if (decided !== "answered") throw new mongo.MongoOperationTimeoutError(`${point} timed out`);
        const result = await perform();
        await park(`${point}.after`);
        return result;
      };
      Reflect.set(owner, name, intercepted);
    }
  };
  intercept(mongo.Collection.prototype, writes, true);
  intercept(mongo.Collection.prototype, reads, false);
  intercept(mongo.FindCursor.prototype, ["next", "toArray"], false);
}
