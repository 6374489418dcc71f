import type { Redis } from "ioredis";
import type { Connection } from "mongoose";
import { seconds } from "../clock";
import { type DeadLetters, mongoDeadLetters, redisDeadLetters } from "../messaging/dead-letters";
import { connectDatabase, databaseTime, ensureIndexes, pingDatabase } from "./database";

/** A service's own store, whichever it is: what starting, readiness, the clock and stopping need of it. */
export interface Store {
  name: "mongo" | "redis";
  deadLetters: DeadLetters;
  /** Connects and prepares; rejects while the store is away. */
  open(): Promise<void>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  /** The store's own clock, in milliseconds since 1970. */
  time(): Promise<number>;
  close(): Promise<void>;
}

export function mongoStore(database: Connection): Store {
  return {
    name: "mongo",
    deadLetters: mongoDeadLetters(database),
    open: async () => {
      if (database.readyState !== 1) await connectDatabase(database);
      await ensureIndexes(database);
    },
    ping: () => pingDatabase(database),
    time: () => databaseTime(database),
    close: () => database.close(),
  };
}

/** ioredis connects by itself and queues commands while it cannot, so each answer is waited for with a limit. */
export function redisStore(redis: Redis, service: string): Store {
  const ping = async () => {
    await withinTime(redis.ping(), seconds(2));
  };
  return {
    name: "redis",
    deadLetters: redisDeadLetters(redis, service),
    open: ping,
    ping,
    time: async () => {
      const [second, microsecond] = await withinTime(redis.time(), seconds(2));
      return Number(second) * 1000 + Number(microsecond) / 1000;
    },
    close: async () => redis.disconnect(),
  };
}

/** A store did not answer in time: recognised as "away", so the work is repeated later. */
export class StoreAwayError extends Error {
  override readonly name = "StoreAwayError";
}

/** @throws StoreAwayError when `answer` takes longer; the work behind it goes on */
export async function withinTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreAwayError(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
