import { clock, forEachDocument, hours, seconds } from "@eventhive/common";
import { followOrder } from "./follow-order";
import { refundLateCharge } from "./late-charges";
import { Order } from "./models/order";
import { beginAttempt, claimUntil, duePayments, noteAttempt } from "./models/attempts";
import { Payment } from "./models/payment";
import { pauseAfter } from "./pause-after";
import type { ChargeOutcome, GatewayCharge } from "./payment-gateway";
import { saveChange } from "./save-change";
import { chargeOutcomeTimeout, gateway } from "./stripe";
import { isStripeFailure, logFailure } from "./stripe-failure";

type KnownOutcome = Extract<ChargeOutcome, { outcome: "charged" | "declined" }>;

/**
 * Requests the charge once and stores its outcome. A retry is the same request: Stripe repeats its response. The
 * caller has begun the attempt, by inserting the payment or by `beginAttempt`.
 * @returns the payment afterwards
 */
export async function charge(payment: Payment, deadline = Infinity): Promise<Payment> {
  const { id: paymentId, orderId, amount, currency, token } = payment;
  if (!token) return payment; // charged or failed in the meantime
  const result = await gateway().charge({ paymentId, orderId, amount, currency, token });
  if (result.outcome === "charged" || result.outcome === "declined") return conclude(payment, result);
  const found = result.outcome === "failed" ? await findCharge(payment, deadline) : undefined;
  if (found) return conclude(payment, { outcome: "charged", stripeId: found.stripeId });
  const pauseMs = pauseAfter(payment.since, seconds(5));
  await noteAttempt(payment, { isOpen: result.outcome !== "not-done", pauseMs });
  return Payment.findById(paymentId).orFail();
}

/** @returns undefined when the charge is not listed or the list cannot be read: neither proves that there is none */
async function findCharge(
  { id: paymentId, since }: Payment,
  deadline: number,
): Promise<GatewayCharge | undefined> {
  try {
    return await gateway().find({ paymentId, since, deadline });
  } catch (error) {
    if (!isStripeFailure(error)) throw error;
    logFailure(error, paymentId, "A charge could not be looked up");
    return undefined;
  }
}

/** @returns null when another process has begun an attempt since the payment was loaded, or it was decided */
export async function chargeAgain(payment: Payment, deadline = Infinity): Promise<Payment | null> {
  const begun = await beginAttempt(payment);
  return begun && charge(begun, deadline);
}

async function conclude(payment: Payment, result: KnownOutcome): Promise<Payment> {
  const concluded = await saveChange(payment, (current) =>
    result.outcome === "charged" ? current.confirmCharge(result.stripeId) : current.decline(result.reason),
  );
  if (result.outcome === "declined") return concluded;
  if (concluded.state === "charged") {
    const followed = await followOrder(concluded.orderId, { payment: concluded });
    // Another process was faster: this payment has a change that was not saved.
    return followed ?? Payment.findById(concluded.id).orFail();
  }
  // A sweep failed it while this charge was still in flight.
  if (concluded.state === "failed") await refundLateCharge(concluded, result.stripeId);
  return concluded;
}

// Stripe keeps idempotency keys for 24 hours; the hour allows for clock skew.
const keyLifetime = hours(23);

/** Whether the order still has to be paid, and another request cannot charge twice. */
export async function isWanted({ orderId, since }: Payment): Promise<boolean> {
  const order = await Order.findById(orderId).orFail();
  return !order.refusal() && clock.now() - since.getTime() < keyLifetime;
}

/**
 * Determines the outcome of charges without one: retries, or only looks the charge up if it is no longer wanted or a retry
 * might charge twice.
 */
export async function finishCharging(signal?: AbortSignal): Promise<void> {
  await forEachDocument(duePayments("charging").cursor(), finishCharge, signal);
}

async function finishCharge(payment: Payment): Promise<void> {
  if (await isWanted(payment)) await chargeAgain(payment);
  else await lookUp(payment);
}

async function lookUp(payment: Payment): Promise<void> {
  if (payment.openAttempts === 0) return giveUpUncharged(payment);
  const lastAttemptAt = payment.lastAttemptAt ?? payment.since;
  const begun = await claimUntil(payment, pauseAfter(lastAttemptAt, seconds(60)));
  if (!begun) return;
  // Decided before the lookup: a charge that is made while the list is read may be missing from it.
  const isTooLate = clock.now() - lastAttemptAt.getTime() >= chargeOutcomeTimeout();
  const found = await gateway().find({ paymentId: payment.id, since: payment.since });
  if (found) return void (await conclude(begun, { outcome: "charged", stripeId: found.stripeId }));
  // A charge that is not listed may still be in progress at Stripe.
  if (isTooLate)
    await giveUp(
      begun,
      "Your bank has not confirmed the payment. If your card is charged later, you will be refunded",
    );
}

/** Only for a payment without open attempts. @throws a version error when an attempt has begun since it was loaded */
export const giveUpUncharged = (payment: Payment): Promise<void> =>
  giveUp(payment, "The payment could not be made.");

async function giveUp(payment: Payment, reason: string): Promise<void> {
  if (payment.giveUp(reason)) await payment.save();
}
