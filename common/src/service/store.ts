import type { Redis } from "ioredis";
import { type Connection, ConnectionStates } from "mongoose";
import { seconds } from "../base/clock";
import {
  type DeadLetters,
  ensureDeadLetterIndex,
  mongoDeadLetters,
  redisDeadLetters,
} from "../messaging/dead-letters";
import {
  connectDatabase,
  databaseTime,
  electionsOf,
  ensureIndexes,
  pingDatabase,
  usedVolume,
} from "../database/database";
import { unhealthyMembers } from "../database/members";
import { withTimeout } from "../base/with-timeout";

/** A service's own store, as used by startup, readiness, clock and shutdown. */
export interface Store {
  name: "mongo" | "redis";
  deadLetters: DeadLetters;
  /** Connects and prepares; rejects while the store is unavailable. */
  open: () => Promise<void>;
  /** Rejects if the store does not respond. */
  ping: () => Promise<void>;
  /** The store's own clock, in milliseconds since 1970. Rejects while a database has no primary. */
  time: () => Promise<number>;
  /** The used part of its volume, from 0 to 1; a store that does not report it has none. */
  usedVolume?: () => Promise<number>;
  /** The number of members that could not replace the primary; a store that has none does not count them. */
  unhealthyMembers?: () => Promise<number>;
  /** Counts the elections of a primary; a store that has none does not. */
  elections?: () => number;
  close: () => Promise<void>;
}

export function mongoStore(database: Connection): Store {
  let wasConnected = false;
  return {
    name: "mongo",
    deadLetters: mongoDeadLetters(database),
    open: async () => {
      // The driver reconnects by itself; connecting again would leave the old connection open beside the new one.
      if (!wasConnected && database.readyState !== ConnectionStates.connected)
        await connectDatabase(database);
      wasConnected = true;
      await ensureIndexes(database);
      await ensureDeadLetterIndex(database);
    },
    ping: () => pingDatabase(database),
    time: () => databaseTime(database),
    usedVolume: () => usedVolume(database),
    unhealthyMembers: () => unhealthyMembers(database),
    elections: () => electionsOf(database),
    close: () => database.close(),
  };
}

/** ioredis reconnects by itself and queues commands in the meantime, so each command has a timeout. */
export function redisStore(redis: Redis, service: string): Store {
  const ping = async () => {
    await withTimeout(redis.ping(), seconds(2));
  };
  return {
    name: "redis",
    deadLetters: redisDeadLetters(redis, service),
    open: ping,
    ping,
    time: async () => {
      const [second, microsecond] = await withTimeout(redis.time(), seconds(2));
      return Number(second) * 1000 + Number(microsecond) / 1000;
    },
    close: async () => redis.disconnect(),
  };
}
