import { forEachDocument, runPeriodically, seconds } from "@eventhive/common";
import { Payment, countKeptRefundAnswer } from "./models/payment";
import { gateway } from "./stripe";
import { isKeptForKey, isStripeFailure } from "./stripe-failure";

/** Gives back what is to be given back, until the gateway has said that it is done. */
export async function finishRefunds(signal?: AbortSignal): Promise<void> {
  await forEachDocument(Payment.find({ state: "refunding" }).cursor(), finishRefund, signal);
}

async function finishRefund(payment: Payment): Promise<void> {
  if (!payment.stripeId) throw new Error(`The payment ${payment.id} was never charged`);
  await refundCharge(payment, payment.stripeId);
  if (payment.confirmRefund()) await payment.save();
}

/**
 * Refunds a charge of this payment. However many requests succeed, the money goes back once: Stripe refunds no charge
 * beyond its amount.
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
