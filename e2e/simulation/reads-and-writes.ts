import { mongo } from "mongoose";

type Operation = (this: Named, ...parameters: unknown[]) => Promise<unknown>;

interface Named {
  namespace: string | { toString(): string };
}

export interface Observer {
  /** Awaited before and after each; `place` is such as `orders.tickets.findOne.before`. */
  park: (place: string) => Promise<void>;
  /** Awaited right after a write, before anything else happens. */
  written: (namespace: string) => Promise<void>;
  /** Asked before each operation. */
  fate: () => Fate;
  /** Begins a write whose caller has been told that it timed out. */
  later: (place: string, write: () => Promise<void>) => void;
}

/**
 * What becomes of an operation on a database that may be frozen: it is answered, or it times out. A write that times
 * out was done and its answer is lost, or it is done later.
 */
export type Fate = "answered" | "lost" | "late";

const writes = ["insertOne", "updateOne", "deleteOne", "findOneAndUpdate"];
const reads = ["findOne", "countDocuments"];

/** One operation of the driver is made of others. A variable is enough: there is one at a time. */
let isInside = false;

async function inside<Result>(work: () => Promise<Result>): Promise<Result> {
  isInside = true;
  try {
    return await work();
  } finally {
    isInside = false;
  }
}

/** From here on each read and write of this process, by whatever service, tells the observer. */
export function observeDatabase({ park, written, fate, later }: Observer): void {
  const observe = (owner: object, names: string[], isWrite: boolean) => {
    for (const name of names) {
      const operation: Operation = Reflect.get(owner, name);
      const observed: Operation = async function (...parameters) {
        if (isInside) return operation.apply(this, parameters);
        const namespace = String(this.namespace);
        const place = `${namespace}.${name}`;
        await park(`${place}.before`);
        const perform = async () => {
          const result = await inside(() => operation.apply(this, parameters));
          if (isWrite) await inside(() => written(namespace));
          return result;
        };
        const decided = fate();
        if (decided === "late" && isWrite) later(place, async () => void (await perform()));
        if (decided === "lost" && isWrite) await perform();
        if (decided !== "answered") throw new mongo.MongoOperationTimeoutError(`${place} timed out`);
        const result = await perform();
        await park(`${place}.after`);
        return result;
      };
      Reflect.set(owner, name, observed);
    }
  };
  observe(mongo.Collection.prototype, writes, true);
  observe(mongo.Collection.prototype, reads, false);
  observe(mongo.FindCursor.prototype, ["next", "toArray"], false);
}
