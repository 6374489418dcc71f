import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Connection } from "mongoose";
import { z } from "zod";
import { clock, seconds } from "../clock";
import { withinTime } from "../database/within-time";
import { isDuplicateKey } from "../errors";
import { type Subject, subjects } from "../events";

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

/** Where a service keeps the messages that it could not handle. The same bytes are kept once, however often they come. */
export interface DeadLetters {
  keep(letter: DeadLetter): Promise<void>;
  /** Oldest first. */
  list(): Promise<StoredDeadLetter[]>;
  find(id: string): Promise<StoredDeadLetter | undefined>;
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

/** Dead letters in the service's own database. */
export function mongoDeadLetters(database: Connection): DeadLetters {
  const letters = () => database.collection<{ _id: string }>("deadletters");
  return {
    keep: async (letter) => {
      const sealed = seal(letter);
      try {
        await letters().insertOne({ _id: sealed.id, ...sealed }, { ignoreUndefined: true });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error; // else it is kept already
      }
    },
    list: async () =>
      (await letters().find().sort({ keptAt: 1 }).toArray()).map((letter) => stored.parse(letter)),
    find: async (id) => stored.optional().parse((await letters().findOne({ _id: id })) ?? undefined),
    discard: async (id) => {
      await letters().deleteOne({ _id: id });
    },
  };
}

/**
 * Dead letters in a Redis hash, for a service without a database of documents. The client queues commands for as long
 * as Redis is away, so each answer is waited for with a limit.
 */
export function redisDeadLetters(redis: Redis, service: string): DeadLetters {
  const key = `${service}:dead-letters`;
  const read = (json: string) => stored.parse(JSON.parse(json));
  const answer = <T>(asked: Promise<T>) => withinTime(asked, seconds(2));
  return {
    keep: async (letter) => {
      await answer(redis.hsetnx(key, idOf(letter), JSON.stringify(seal(letter))));
    },
    list: async () => {
      const letters = (await answer(redis.hvals(key))).map(read);
      return letters.sort((one, other) => one.keptAt.getTime() - other.keptAt.getTime());
    },
    find: async (id) => {
      const json = await answer(redis.hget(key, id));
      return json ? read(json) : undefined;
    },
    discard: async (id) => {
      await answer(redis.hdel(key, id));
    },
  };
}
