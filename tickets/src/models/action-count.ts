import { clock } from "@eventhive/common";
import { Schema } from "mongoose";
import { database } from "../database";

/** The actions of one user, network or site within a period. */
const actionCountSchema = new Schema(
  {
    /** `ACTION/WHO/PERIOD`, the periods counted from 1970. */
    _id: { type: String, required: true },
    count: { type: Number, required: true },
    expiresAt: { type: Date, required: true },
  },
  { versionKey: false },
);

actionCountSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

const ActionCount = database.model("ActionCount", actionCountSchema);

/** A count that a failover loses only allows a few more actions. */
const writeConcern = { w: "majority", j: false } as const;

/**
 * Counts an action in one atomic statement: of many concurrent ones, each gets another number.
 * @param who a user's id, or a pseudonym of a network
 * @param periodMs an hour or a day, as on the clock (UTC)
 * @returns its number within the period, and the time that is left of that
 */
export async function countAction(
  action: string,
  who: string,
  periodMs: number,
): Promise<{ count: number; leftMs: number }> {
  const now = clock.now();
  const period = Math.floor(now / periodMs);
  const endsAt = periodMs * (period + 1);
  const { count } = await ActionCount.findOneAndUpdate(
    { _id: `${action}/${who}/${period}` },
    { $inc: { count: 1 }, $setOnInsert: { expiresAt: new Date(endsAt) } },
    { upsert: true, new: true, writeConcern },
  ).orFail();
  return { count, leftMs: endsAt - now };
}
