import { randomUUID } from "node:crypto";
import { backoffMs, clock, isDuplicateKey, minutes, seconds } from "@eventhive/common";
import { Schema, trusted } from "mongoose";
import { database } from "../database";

export const steps = ["charges", "holds", "refunds", "disputes", "payments"] as const;

/** How far a comparison with Stripe has come. */
export interface Progress {
  /** When it began. */
  startedAt: Date;
  /** Compared are charges, refunds and payments that are not older than this … */
  from: Date;
  /** … and not younger than this. */
  until: Date;
  /**
   * What is being compared: Stripe's charges, its holds, its refunds, its disputes, then our payments that were in
   * none of them.
   */
  step: (typeof steps)[number];
  /** The last item of the page before. */
  after?: string;
  /** Whether a step was left before its end, because a page of it kept failing. */
  isIncomplete?: boolean;
}

/** A repeated comparison with Stripe: when it is due, which process has claimed it, and its progress. */
const reconciliationSchema = new Schema(
  {
    /** The schedule. */
    _id: { type: String, required: true },
    /** In the past until everything has been compared. */
    nextDueAt: { type: Date, required: true },
    /** Until then no other process takes the next page; a crash delays the page no longer than this. */
    claimedUntil: { type: Date, required: true },
    /** Random for each claim, so that a process that was too slow cannot overwrite newer progress. */
    claim: { type: String, required: true },
    /** How often the current page has failed. */
    failures: { type: Number, required: true, default: 0 },
    progress: {
      type: new Schema<Progress>(
        {
          startedAt: { type: Date, required: true },
          from: { type: Date, required: true },
          until: { type: Date, required: true },
          step: { type: String, enum: steps, required: true },
          after: { type: String },
          isIncomplete: { type: Boolean },
        },
        { _id: false },
      ),
    },
  },
  { versionKey: false },
);

export const Reconciliation = database.model("Reconciliation", reconciliationSchema);

/** What a claim must hold to be released. */
export interface Claim {
  _id: string;
  claim: string;
  claimedUntil: Date;
  failures: number;
  progress?: Progress | null;
}

// Longer than two items of a page take, each with a slow look-up and a slow refund.
const claimMs = minutes(2);

/** @returns undefined unless a page of this schedule is due and unclaimed */
export async function claimReconciliation(schedule: string): Promise<Claim | undefined> {
  const now = clock.date();
  const due = trusted({ $lte: now });
  try {
    const claimed = await Reconciliation.findOneAndUpdate(
      { _id: schedule, nextDueAt: due, claimedUntil: due },
      {
        $set: { claimedUntil: new Date(now.getTime() + claimMs), claim: randomUUID() },
        $setOnInsert: { nextDueAt: now, failures: 0 },
      },
      { upsert: true, returnDocument: "after" },
    );
    return claimed.toObject();
  } catch (error) {
    if (isDuplicateKey(error)) return undefined; // it exists, but is not due, or is claimed
    throw error;
  }
}

/**
 * Extends the claim once half of its time is over, so that a page may take any time.
 * @throws if another process has claimed the page
 */
export async function renew(claimed: Claim): Promise<void> {
  if (claimed.claimedUntil.getTime() - clock.now() > claimMs / 2) return;
  const claimedUntil = new Date(clock.now() + claimMs);
  if (!(await change(claimed, { $set: { claimedUntil } })))
    throw new Error("another process has claimed this page");
  claimed.claimedUntil = claimedUntil;
}

/** Stores the progress, and lets any process take the next page. @returns whether the claim still held */
export const advance = (claimed: Claim, progress: Progress): Promise<boolean> =>
  change(claimed, { $set: { progress, failures: 0, claimedUntil: clock.date() } });

export const finish = (claimed: Claim, nextDueAt: Date): Promise<boolean> =>
  change(claimed, { $set: { nextDueAt, failures: 0, claimedUntil: clock.date() }, $unset: { progress: 1 } });

/** It remains due, and begins again after the pause. */
export function finishIncomplete(claimed: Claim, pauseMs: number): Promise<boolean> {
  const claimedUntil = new Date(clock.now() + pauseMs);
  return change(claimed, { $set: { failures: 0, claimedUntil }, $unset: { progress: 1 } });
}

/** Any other process may take the same page at once: nothing has failed. */
export const abandon = (claimed: Claim): Promise<boolean> =>
  change(claimed, { $set: { claimedUntil: clock.date() } });

const pauses = { firstMs: seconds(10), maxMs: minutes(15) };

/** The same page is taken again, by any process, after a pause that doubles with each failure up to 15 minutes. */
export function postpone(claimed: Claim, progress: Progress): Promise<boolean> {
  const failures = claimed.failures + 1;
  const pauseMs = backoffMs(failures, pauses);
  const claimedUntil = new Date(clock.now() + pauseMs);
  return change(claimed, { $set: { progress, failures, claimedUntil } });
}

async function change({ _id, claim }: Claim, update: object): Promise<boolean> {
  const { modifiedCount } = await Reconciliation.updateOne({ _id, claim }, update);
  return modifiedCount === 1;
}
