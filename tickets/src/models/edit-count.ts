import { TooManyRequestsError, clock, hours } from "@eventhive/common";
import { Schema } from "mongoose";
import { config } from "../config";
import { database } from "../database";

/** The number of edits of one seller within a clock hour. */
const editCountSchema = new Schema(
  {
    /** `SELLER/HOUR`, the hours counted from 1970. */
    _id: { type: String, required: true },
    count: { type: Number, required: true },
    expiresAt: { type: Date, required: true },
  },
  { versionKey: false },
);

editCountSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const EditCount = database.model("EditCount", editCountSchema);

/**
 * Counts an edit in one atomic statement: of many concurrent ones, exactly those within the limit pass.
 * @throws TooManyRequestsError for the rest of the hour
 */
export async function countEdit(userId: string): Promise<void> {
  const now = clock.now();
  const hour = Math.floor(now / hours(1));
  const endsAt = hours(hour + 1);
  const { count } = await EditCount.findOneAndUpdate(
    { _id: `${userId}/${hour}` },
    { $inc: { count: 1 }, $setOnInsert: { expiresAt: new Date(endsAt) } },
    { upsert: true, new: true },
  ).orFail();
  if (count > config.MAX_EDITS_PER_HOUR)
    throw new TooManyRequestsError(
      "You have edited too many tickets",
      (endsAt - now) / 1000,
      "too-many-edits",
    );
}
