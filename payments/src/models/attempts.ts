import { type AnyPaymentState, clock } from "@eventhive/common";
import { trusted } from "mongoose";
import { Payment, attempt } from "./payment";

// When, and by which process, requests about a payment are sent. Not versioned: none of this is published.

// Also matches payments without the field.
const due = (...states: AnyPaymentState[]) => ({
  state: trusted({ $in: states }),
  nextAttemptAt: trusted({ $not: { $gt: clock.date() } }),
});

/** Payments in these states for which a request is due. */
export const duePayments = (...states: AnyPaymentState[]) => Payment.find(due(...states));

/**
 * Begins another attempt to charge. It may have charged until `noteAttempt` records that it did not.
 * @returns the payment, or null when it is not due any more: another process began one, or it was decided
 */
export const beginAttempt = ({ _id, openAttempts }: Payment): Promise<Payment | null> =>
  Payment.findOneAndUpdate(
    { _id, ...due("charging") },
    // Without the field, their number is unknown, so counting must not start now.
    { $set: attempt(), ...(openAttempts !== undefined && { $inc: { openAttempts: 1 } }) },
    { new: true },
  ).exec();

/** The attempt is over without a charge or a decline; `isOpen` unless it is known to have done nothing. */
export async function noteAttempt(
  { _id, openAttempts }: Payment,
  { isOpen, pauseMs }: { isOpen: boolean; pauseMs: number },
): Promise<void> {
  const closes = !isOpen && openAttempts !== undefined;
  await Payment.updateOne(
    { _id, state: "charging" },
    {
      $set: { nextAttemptAt: new Date(clock.now() + pauseMs) },
      ...(closes && { $inc: { openAttempts: -1 } }),
    },
  );
}

/** No process sends a request about the payment before then. */
export async function pauseUntil(payment: Payment, milliseconds: number): Promise<void> {
  const { _id, state } = payment;
  payment.nextAttemptAt = new Date(milliseconds);
  await Payment.updateOne({ _id, state }, { $set: { nextAttemptAt: payment.nextAttemptAt } });
}

/** A request that `claimUntil` has counted is over, and is known to have held nothing. */
export async function closeRequest(payment: Payment): Promise<void> {
  const counted = countOpen(payment, -1);
  if (counted) await Payment.updateOne({ _id: payment._id, state: "authorizing" }, counted);
}

/** In the database only: a save of the loaded payment would undo what other processes have counted. */
const countOpen = ({ state, openRequests }: Payment, change: 1 | -1) =>
  // Without the field, their number is unknown, so counting must not start now.
  state === "authorizing" && openRequests !== undefined && { $inc: { openRequests: change } };

/** Makes a request about the payment due. Does nothing if its state has changed. */
export async function makeDue({ _id, state }: Payment): Promise<void> {
  await Payment.updateOne({ _id, state }, { $unset: { nextAttemptAt: 1 } });
}

/**
 * While the payment is `authorizing`, it also counts the request that follows.
 * @returns null if another process has claimed it, or its state has changed; otherwise it is claimed for `pauseMs`
 */
export const claimUntil = (payment: Payment, pauseMs: number): Promise<Payment | null> =>
  Payment.findOneAndUpdate(
    { _id: payment._id, ...due(payment.state) },
    { $set: { nextAttemptAt: new Date(clock.now() + pauseMs) }, ...countOpen(payment, 1) },
    { new: true },
  ).exec();

/**
 * Stored before the next request is made, so the key of a request follows from the document: after a crash the request
 * is repeated under the same key. Does nothing when another process has counted this response.
 */
export async function countKeptRefundAnswer({ _id, keptRefundAnswers }: Payment): Promise<void> {
  await Payment.updateOne(
    { _id, keptRefundAnswers: keptRefundAnswers ?? null },
    { $inc: { keptRefundAnswers: 1 } },
  );
}
