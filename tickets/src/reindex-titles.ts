import { failpoint } from "@eventhive/common";
import { Types, trusted } from "mongoose";
import { Ticket } from "./models/ticket";
import { currentRules, searchTermsOf } from "./words";

const batchSize = 500;
const maxPasses = 5;

/**
 * Recomputes the search terms of stored titles that were made by earlier rules. Safe at any time, and repeatable: it
 * resumes after an interruption, touches neither versions nor outboxes, and never replaces the terms of a title that
 * was changed in the meantime.
 * @throws when processes of an older version write faster than it reads
 */
export async function reindexTitles(): Promise<void> {
  let count = 0;
  for (let pass = 0; pass < maxPasses; pass++) {
    const found = await reindexStale();
    if (found === 0) {
      process.stdout.write(`reindexed ${count}\n`);
      return;
    }
    count += found;
  }
  throw new Error(
    "Processes of an older version are still changing titles: run this again after the rollout",
  );
}

/** One pass over all tickets, in bounded batches. @returns how many were stale */
async function reindexStale(): Promise<number> {
  let count = 0;
  let last = new Types.ObjectId("0".repeat(24));
  for (;;) {
    const batch = await Ticket.find({ _id: trusted({ $gt: last }) })
      .sort({ _id: 1 })
      .limit(batchSize)
      .select({ title: 1, beginnings: { $slice: 1 } })
      .lean();
    const stale = batch.filter(({ beginnings }) => beginnings?.[0] !== currentRules);
    await failpoint("tickets.reindex.read");
    if (stale.length > 0) {
      const updates = stale.map(({ _id, title }) => ({
        updateOne: {
          filter: { _id, title }, // as read: a later change of the title has written its terms
          update: { $set: { beginnings: searchTermsOf(title) } },
        },
      }));
      await Ticket.collection.bulkWrite(updates, { ordered: false });
    }
    count += stale.length;
    const next = batch.at(-1);
    if (!next) return count;
    last = next._id;
  }
}
