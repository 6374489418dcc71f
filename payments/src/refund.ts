import { forEachDocument, runPeriodically, seconds } from "@eventhive/common";
import { Payment } from "./models/payment";
import { gateway } from "./stripe";

/** Gives back what is to be given back, until the gateway has said that it is done. */
export async function finishRefunds(signal?: AbortSignal): Promise<void> {
  await forEachDocument(Payment.find({ state: "refunding" }).cursor(), finishRefund, signal);
}

async function finishRefund(payment: Payment): Promise<void> {
  const { id: paymentId, stripeId } = payment;
  if (!stripeId) throw new Error(`The payment ${paymentId} was never charged`);
  await gateway().refund({ paymentId, stripeId });
  if (payment.confirmRefund()) await payment.save();
}

export const refundSweep = runPeriodically(seconds(5), finishRefunds);
