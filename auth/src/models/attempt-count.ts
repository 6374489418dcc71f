import { createHash } from "node:crypto";
import { TooManyRequestsError, clock, hours } from "@eventhive/common";
import { Schema } from "mongoose";
import { database } from "../database";
import { type AttemptLimit, refusedAttempts } from "../metrics";

/** How many attempts per hour are free, and the first delay, which doubles with each further attempt. */
export interface Limit {
  name: AttemptLimit;
  free: number;
  initialWait: number;
  maxWait: number;
}

export interface Attempt {
  /** No longer counts the attempt. */
  undo(): Promise<void>;
}

/** The attempts of one account or address, forgotten an hour after the first one. */
const attemptCountSchema = new Schema(
  {
    /** A hash, so that neither addresses nor the emails of strangers are kept. */
    _id: { type: String, required: true },
    count: { type: Number, required: true },
    waitUntil: { type: Date, required: true },
    /** The last attempt was too early. It is not counted. */
    isRefused: { type: Boolean, required: true },
    expiresAt: { type: Date, required: true },
  },
  { versionKey: false },
);

attemptCountSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

const AttemptCount = database.model("AttemptCount", attemptCountSchema);

// Not the current time: the clocks of processes differ by milliseconds, and no process should wait for another's clock.
const noWait = new Date(0);

const keyOf = ({ name }: Limit, who: string) => createHash("sha256").update(`${name}: ${who}`).digest("hex");

/**
 * Counts an attempt in one atomic statement: of many concurrent ones, exactly the free ones pass.
 * @throws TooManyRequestsError while `who` has to wait
 */
export async function countAttempt(limit: Limit, who: string): Promise<Attempt> {
  const _id = keyOf(limit, who);
  const now = clock.date();
  const nothing = { _id, count: 0, waitUntil: noWait, expiresAt: new Date(now.getTime() + hours(1)) };
  const doublings = { $subtract: ["$count", limit.free] };
  const wait = { $min: [limit.maxWait, { $multiply: [limit.initialWait, { $pow: [2, doublings] }] }] };
  const staysAsItIs = { $or: ["$isRefused", { $lt: ["$count", limit.free] }] };

  const { isRefused, waitUntil, expiresAt } = await AttemptCount.findOneAndUpdate(
    { _id },
    [
      // The TTL index removes late, so expired counts are recognized here.
      { $replaceWith: { $cond: [{ $gt: ["$expiresAt", now] }, "$$ROOT", nothing] } },
      { $set: { isRefused: { $gt: ["$waitUntil", now] } } },
      { $set: { count: { $add: ["$count", { $cond: ["$isRefused", 0, 1] }] } } },
      { $set: { waitUntil: { $cond: [staysAsItIs, "$waitUntil", { $add: [now, wait] }] } } },
    ],
    { upsert: true, new: true },
  ).orFail();

  if (isRefused) {
    refusedAttempts.inc({ limit: limit.name });
    const rest = Math.min(waitUntil.getTime(), expiresAt.getTime()) - now.getTime();
    throw new TooManyRequestsError("Too many attempts", rest / 1000);
  }
  return {
    undo: async () => {
      const waitOfOthers = { $cond: [{ $eq: ["$waitUntil", waitUntil] }, noWait, "$waitUntil"] };
      await AttemptCount.updateOne({ _id, expiresAt }, [
        { $set: { count: { $subtract: ["$count", 1] }, waitUntil: waitOfOthers } },
      ]);
    },
  };
}

export async function forgetAttempts(limit: Limit, who: string): Promise<void> {
  await AttemptCount.deleteOne({ _id: keyOf(limit, who) });
}
