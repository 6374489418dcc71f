import { clock, forEachDocument, isId, logger, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "./config";
import { lateCharges } from "./metrics";
import { Payment } from "./models/payment";
import type { GatewayCharge } from "./payment-gateway";
import { gateway } from "./stripe";

/** A charge whose payment has failed: nobody waits for it, so the money goes back. */
export async function refundLateCharge(charge: { paymentId: string; stripeId: string }): Promise<void> {
  lateCharges.inc();
  logger.error(charge, "refunding a charge whose payment had failed");
  await gateway().refund(charge);
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
    if (await Payment.exists({ _id: paymentId, state: "failed" }))
      await refundLateCharge({ paymentId, stripeId });
  };
  await forEachDocument(gateway().list({ since: oldest.createdAt }), refund, signal);
}
