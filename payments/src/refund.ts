import { forEachDocument, minutes, runPeriodically, seconds } from "@eventhive/common";
import { claimUntil, countKeptRefundAnswer, duePayments } from "./models/attempts";
import { type Payment, attemptMs } from "./models/payment";
import { pauseAfter } from "./pause-after";
import { gateway } from "./stripe";
import { isKeptForKey, isStripeFailure } from "./stripe-failure";

const maxPauseMs = minutes(10);

/** Requests each refund that is due, with growing pauses, until Stripe has confirmed it. */
export async function finishRefunds(signal?: AbortSignal): Promise<void> {
  await forEachDocument(duePayments("refunding").cursor(), finishRefund, signal);
}

async function finishRefund(payment: Payment): Promise<void> {
  if (!payment.stripeId) throw new Error(`The payment ${payment.id} was never charged`);
  const pauseMs = Math.max(attemptMs(), pauseAfter(payment.since, maxPauseMs));
  const claimed = await claimUntil(payment, pauseMs);
  if (!claimed) return;
  await refundCharge(claimed, payment.stripeId);
  if (claimed.confirmRefund()) await claimed.save();
}

/**
 * Refunds a charge of this payment. However many requests succeed, it is refunded once: Stripe refunds no more than
 * the amount of the charge.
 * @throws while it is not known whether the charge is refunded
 */
export async function refundCharge(payment: Payment, stripeId: string): Promise<void> {
  const { id: paymentId, keptRefundAnswers } = payment;
  try {
    await gateway().refund({ paymentId, stripeId, keptAnswers: keptRefundAnswers ?? 0 });
  } catch (error) {
    if (isStripeFailure(error) && isKeptForKey(error)) await countKeptRefundAnswer(payment);
    throw error;
  }
}

export const refundSweep = runPeriodically(seconds(5), finishRefunds);
