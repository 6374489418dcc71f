import { logger } from "@eventhive/common";
import { lateCharges } from "./metrics";
import type { Payment } from "./models/payment";
import { refundCharge } from "./refund";

/** Refunds a charge whose payment has failed: no order gets a ticket for it. */
export async function refundLateCharge(payment: Payment, stripeId: string): Promise<void> {
  lateCharges.inc();
  logger.error({ paymentId: payment.id, stripeId }, "refunding a charge whose payment had failed");
  await refundCharge(payment, stripeId);
}
