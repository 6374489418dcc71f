import type { mongo } from "mongoose";
import { inside } from "./database-operations";
import type { Scheduler, Task } from "./scheduler";
import { databaseOf } from "./services";

/** How long an operation waits for the majority: MONGO_TIMEOUT_SECONDS of a service. */
const operationTimeoutMs = 4000;

/** What became of a write. `open`: its caller waited for too long, and what becomes of it is decided later. */
export type Fate = "confirmed" | "rolled back" | "open";

/** A time in which the majority of a replica set does not have, or is not known to have, what its primary has. */
interface Lag {
  /**
   * `unreplicated`: the others receive nothing. Writes wait, and a failover rolls them back. `unknown`: the primary is new.
   * It has all that was confirmed, but does not know that the others have it, before its first write.
   */
  kind: "unreplicated" | "unknown";
  /** By collection that was written meanwhile: what reads with the read concern "majority" return. */
  committed: Map<string, mongo.BSON.Document[]>;
  waiting: Set<Task>;
  /** Called if what was written is confirmed. */
  onConfirmed: (() => void)[];
  fate: Fate;
}

/**
 * Makes one server behave as a replica set for each database: reads return what the primary has or, with the read concern
 * "majority", what no failover can roll back, and writes with the write concern "majority" wait.
 */
export class Replication {
  failovers = 0;
  rolledBack = 0;
  private readonly lags = new Map<string, Lag>();

  constructor(
    private readonly scheduler: Scheduler,
    /** Tells the processes of a service that another member has become the primary. */
    private readonly onElection: (service: string) => void,
  ) {}

  /** The services whose primary is the only member with the newest writes. */
  get lagging(): string[] {
    return [...this.lags].filter(([, { kind }]) => kind === "unreplicated").map(([service]) => service);
  }

  /** From now on, only the primary has what is written. */
  pause(service: string): void {
    if (!this.lags.has(service)) this.begin(service, "unreplicated");
  }

  /** The next write is confirmed, and then the primary fails. */
  failAfterNextWrite(service: string): void {
    if (!this.lags.has(service)) this.begin(service, "unknown");
  }

  /** The others receive everything. */
  catchUp(service: string): void {
    const lag = this.lags.get(service);
    if (!lag) return;
    for (const confirm of lag.onConfirmed) confirm();
    this.end(service, lag, "confirmed");
  }

  /** Another member becomes the primary. What only the old one had is rolled back. */
  async failOver(service: string): Promise<void> {
    const lag = this.lags.get(service);
    if (!lag) return;
    await inside(async () => {
      for (const [collection, documents] of lag.committed)
        await replaceAll(databaseOf(service).collection(collection), documents);
    });
    this.rolledBack += lag.onConfirmed.length;
    this.end(service, lag, "rolled back");
    this.elect(service);
  }

  /** Time has passed, in which each new primary has learned what the majority has. */
  advance(): void {
    for (const [service, { kind, committed }] of this.lags)
      if (kind === "unknown" && committed.size > 0) this.catchUp(service);
  }

  /** To be called before each write. */
  async prepareWrite(namespace: string): Promise<void> {
    const [service, collection] = split(namespace);
    const lag = this.lags.get(service);
    if (lag?.kind === "unknown" && lag.committed.size > 0) this.catchUp(service);
    else if (lag && !lag.committed.has(collection)) {
      if (lag.kind === "unknown") this.elect(service);
      lag.committed.set(collection, await databaseOf(service).collection(collection).find().toArray());
    }
  }

  /** Calls `notify` once what was just written is certain to stay. */
  whenConfirmed(namespace: string, notify: () => void): void {
    const lag = this.lags.get(split(namespace)[0]);
    if (lag?.kind === "unreplicated") lag.onConfirmed.push(notify);
    else notify();
  }

  /** Suspends the task until the majority has everything that was written before. */
  async confirm(namespace: string, point: string): Promise<Fate> {
    const lag = this.lags.get(split(namespace)[0]);
    const { running } = this.scheduler;
    if (lag?.kind !== "unreplicated" || !running) return "confirmed";
    lag.waiting.add(running);
    await this.scheduler.park(`${point}.unconfirmed`, operationTimeoutMs);
    lag.waiting.delete(running);
    return lag.fate;
  }

  /** Reads as if nothing had been written that a failover could roll back. */
  async readMajority<Result>(namespace: string, read: () => Promise<Result>): Promise<Result> {
    const [service, name] = split(namespace);
    const committed = this.lags.get(service)?.committed.get(name);
    if (!committed) return read();
    const collection = databaseOf(service).collection(name);
    const newest = await collection.find().toArray();
    await replaceAll(collection, committed);
    try {
      return await read();
    } finally {
      await replaceAll(collection, newest);
    }
  }

  private elect(service: string): void {
    this.failovers++;
    this.onElection(service);
  }

  private begin(service: string, kind: Lag["kind"]): void {
    this.lags.set(service, { kind, committed: new Map(), waiting: new Set(), onConfirmed: [], fate: "open" });
  }

  private end(service: string, lag: Lag, fate: Fate): void {
    this.lags.delete(service);
    lag.fate = fate;
    for (const task of lag.waiting) task.wakeAt = this.scheduler.now;
  }
}

function split(namespace: string): [service: string, collection: string] {
  const [service = "", collection = ""] = namespace.split(".");
  return [service, collection];
}

async function replaceAll(collection: mongo.Collection, documents: mongo.BSON.Document[]): Promise<void> {
  await collection.deleteMany({});
  if (documents.length > 0) await collection.insertMany(documents);
}
