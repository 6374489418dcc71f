import { clock, forEachDocument, isId, logger, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "./config";
import { lateCharges } from "./metrics";
import { Payment } from "./models/payment";
import type { GatewayCharge } from "./payment-gateway";
import { refundCharge } from "./refund";
import { gateway } from "./stripe";

/** Refunds a charge whose payment has failed: no order gets a ticket for it. */
export async function refundLateCharge(payment: Payment, stripeId: string): Promise<void> {
  lateCharges.inc();
  logger.error({ paymentId: payment.id, stripeId }, "refunding a charge whose payment had failed");
  await refundCharge(payment, stripeId);
}

/**
 * Looks for charges of payments that failed without the gateway's word. While there are none of these, it asks the
 * gateway nothing; else it lists the charges since the oldest of them began.
 */
export async function refundLateCharges(signal?: AbortSignal): Promise<void> {
  const from = new Date(clock.now() - seconds(config.LATE_CHARGE_WINDOW));
  const givenUp = { state: "failed", openAttempts: trusted({ $ne: 0 }), since: trusted({ $gte: from }) };
  const oldest = await Payment.findOne(givenUp).sort({ createdAt: 1 });
  if (!oldest) return;
  const refund = async ({ stripeId, paymentId, refunded }: GatewayCharge) => {
    if (refunded || !isId(paymentId)) return;
    const payment = await Payment.findOne({ _id: paymentId, state: "failed" });
    if (payment) await refundLateCharge(payment, stripeId);
  };
  await forEachDocument(gateway().list({ since: oldest.createdAt }), refund, signal);
}
