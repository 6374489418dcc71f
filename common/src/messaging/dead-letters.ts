import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Connection } from "mongoose";
import { z } from "zod";
import { clock, seconds } from "../base/clock";
import { withTimeout } from "../base/with-timeout";
import { isDuplicateKey } from "../contract/errors";
import { type Subject, subjects } from "../contract/events";
import { logger } from "../base/logger";
import { settings, wholeNumber } from "../base/settings";

const config = settings({
  /** How many dead letters a service keeps. Beyond that, the oldest tenth is dropped and logged. */
  MAX_DEAD_LETTERS: wholeNumber().default(10_000),
});

export interface DeadLetter {
  subject: Subject;
  /** As they came from the broker. */
  bytes: Buffer;
  reason: string;
  attempts: number;
  traceparent?: string;
}

export interface StoredDeadLetter extends DeadLetter {
  id: string;
  keptAt: Date;
}

/**
 * Where a service keeps the messages that it could not handle. The same bytes are kept once, however often they come.
 */
export interface DeadLetters {
  keep(letter: DeadLetter): Promise<void>;
  /**
   * A page, oldest first.
   * @param after the last one of the page before
   */
  list(after?: StoredDeadLetter): Promise<StoredDeadLetter[]>;
  find(id: string): Promise<StoredDeadLetter | undefined>;
  /** In constant time, from metadata of the store. */
  count(): Promise<number>;
  discard(id: string): Promise<void>;
}

const idOf = ({ subject, bytes }: DeadLetter) =>
  createHash("sha256").update(subject).update("\0").update(bytes).digest("hex").slice(0, 24);

const stored = z.object({
  id: z.string(),
  subject: z.enum(subjects),
  bytes: z.string().transform((base64) => Buffer.from(base64, "base64")),
  reason: z.string(),
  attempts: z.number(),
  traceparent: z.string().optional(),
  keptAt: z.coerce.date(),
});

function seal(letter: DeadLetter) {
  const { bytes, ...rest } = letter;
  return { id: idOf(letter), ...rest, bytes: bytes.toString("base64"), keptAt: clock.date().toISOString() };
}

interface Options {
  maxLetters?: number;
  pageSize?: number;
}

/** @returns how many of the oldest to drop */
const excessOf = (count: number, maxLetters: number): number =>
  count > maxLetters ? count - maxLetters + Math.floor(maxLetters / 10) : 0;

const logDropped = (dropped: object[]) =>
  logger.error({ dropped }, "dropped the oldest dead letters: there were too many");

type Sealed = ReturnType<typeof seal> & { _id: string };
const lettersIn = (database: Connection) => database.collection<Sealed>("deadletters");

/** Ordered by age, for pages and for dropping the oldest. */
export async function ensureDeadLetterIndex(database: Connection): Promise<void> {
  await lettersIn(database).createIndex({ keptAt: 1, _id: 1 });
}

/** Dead letters in the service's own database. */
export function mongoDeadLetters(
  database: Connection,
  { maxLetters, pageSize = 100 }: Options = {},
): DeadLetters {
  const letters = () => lettersIn(database);

  async function dropOldest(): Promise<void> {
    const excess = excessOf(await letters().estimatedDocumentCount(), maxLetters ?? config.MAX_DEAD_LETTERS);
    if (excess === 0) return;
    const oldest = await letters()
      .find({}, { projection: { subject: 1, keptAt: 1 } })
      .sort({ keptAt: 1, _id: 1 })
      .limit(excess)
      .toArray();
    await letters().deleteMany({ _id: { $in: oldest.map(({ _id }) => _id) } });
    logDropped(oldest);
  }

  return {
    keep: async (letter) => {
      const sealed = seal(letter);
      try {
        await letters().insertOne({ _id: sealed.id, ...sealed }, { ignoreUndefined: true });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error; // else it is kept already
        return;
      }
      await dropOldest();
    },
    list: async (after) => {
      const keptAt = after?.keptAt.toISOString();
      const older = { $or: [{ keptAt: { $gt: keptAt } }, { keptAt, _id: { $gt: after?.id } }] };
      const page = letters()
        .find(after ? older : {})
        .sort({ keptAt: 1, _id: 1 })
        .limit(pageSize);
      return (await page.toArray()).map((letter) => stored.parse(letter));
    },
    find: async (id) => stored.optional().parse((await letters().findOne({ _id: id })) ?? undefined),
    count: () => letters().estimatedDocumentCount(),
    discard: async (id) => {
      await letters().deleteOne({ _id: id });
    },
  };
}

/**
 * Dead letters in a Redis hash, for a service without a database of documents. The client queues commands for as long
 * as Redis is unavailable, so each command has a timeout.
 */
export function redisDeadLetters(
  redis: Redis,
  service: string,
  { maxLetters, pageSize = 500 }: Options = {},
): DeadLetters {
  const key = `${service}:dead-letters`;
  const read = (json: string) => stored.parse(JSON.parse(json));
  const timed = <T>(command: Promise<T>) => withTimeout(command, seconds(2));

  /** Scans the hash in batches, and keeps only these fields in memory. */
  async function oldestFirst(): Promise<{ id: string; keptAt: number; subject: Subject }[]> {
    const ages = new Map<string, { id: string; keptAt: number; subject: Subject }>();
    let cursor = "0";
    do {
      const [next, fields] = await timed(redis.hscan(key, cursor, "COUNT", 100));
      for (const [index, json] of fields.entries()) {
        if (index % 2 === 0) continue; // the field; its value follows
        const { id, keptAt, subject } = read(json);
        ages.set(id, { id, keptAt: keptAt.getTime(), subject });
      }
      cursor = next;
    } while (cursor !== "0");
    return [...ages.values()].sort((one, other) => one.keptAt - other.keptAt || (one.id < other.id ? -1 : 1));
  }

  async function dropOldest(): Promise<void> {
    const excess = excessOf(await timed(redis.hlen(key)), maxLetters ?? config.MAX_DEAD_LETTERS);
    if (excess === 0) return;
    const oldest = (await oldestFirst()).slice(0, excess);
    await timed(redis.hdel(key, ...oldest.map(({ id }) => id)));
    logDropped(oldest);
  }

  return {
    keep: async (letter) => {
      if (await timed(redis.hsetnx(key, idOf(letter), JSON.stringify(seal(letter))))) await dropOldest();
    },
    list: async (after) => {
      const ids = (await oldestFirst())
        .filter(({ id, keptAt }) => {
          const from = after?.keptAt.getTime() ?? 0;
          return !after || keptAt > from || (keptAt === from && id > after.id);
        })
        .slice(0, pageSize)
        .map(({ id }) => id);
      if (ids.length === 0) return [];
      const letters = await timed(redis.hmget(key, ...ids));
      return letters.flatMap((json) => (json ? [read(json)] : []));
    },
    find: async (id) => {
      const json = await timed(redis.hget(key, id));
      return json ? read(json) : undefined;
    },
    count: () => timed(redis.hlen(key)),
    discard: async (id) => {
      await timed(redis.hdel(key, id));
    },
  };
}
