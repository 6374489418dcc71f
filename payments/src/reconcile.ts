import { clock, each, hours, isId, logger } from "@eventhive/common";
import { trusted } from "mongoose";
import { z } from "zod";
import { Payment } from "./models/payment";
import type { GatewayCharge } from "./payment-gateway";
import { gateway } from "./stripe";

interface Difference {
  problem: string;
  stripeId: string;
  paymentId?: string;
  orderId?: string;
  /** Whether the money went back because of it. */
  isRefunded: boolean;
}

const log = (difference: Difference) => logger.warn(difference, "the gateway and the payments differ");

/**
 * Compares the gateway's charges of the last days with the payments, reports what differs, and gives back what nobody
 * is waiting for: a charge whose payment failed and, when `refundsUnknown`, one that names a payment which does not
 * exist. Young charges are left alone. A charge whose payment may still come to its end by itself is never touched, so
 * this is safe at any time and as often as one likes.
 */
export async function reconcile({
  days = 7,
  minimumAgeInHours = 1,
  refundsUnknown = false,
  report = log,
} = {}): Promise<void> {
  const from = clock.now() - hours(24 * days);
  const until = clock.now() - hours(minimumAgeInHours);
  const seen = new Set<string>();

  // Begins an hour before the payments that are compared, for clocks that disagree.
  await each(gateway().list({ since: new Date(from - hours(1)) }), async (charge) => {
    seen.add(charge.stripeId);
    const { stripeId, paymentId, orderId, createdAt } = charge;
    if (createdAt.getTime() > until) return;
    const payment = isId(paymentId) ? await Payment.findById(paymentId) : null;
    const problem = problemOf(charge, payment);
    if (!problem) return;
    // One without our payment's id is not ours to give back: others may use the same account.
    const isOrphan = payment ? payment.state === "failed" : refundsUnknown && paymentId !== undefined;
    if (isOrphan && paymentId) await gateway().refund({ paymentId, stripeId });
    report({ problem, stripeId, paymentId, orderId, isRefunded: isOrphan });
  });

  const charged = {
    stripeId: trusted({ $exists: true }),
    createdAt: trusted({ $gte: new Date(from), $lte: new Date(until) }),
  };
  await each(Payment.find(charged).cursor(), async ({ id: paymentId, orderId, stripeId }) => {
    if (!stripeId || seen.has(stripeId)) return;
    report({
      problem: "the gateway does not know this charge",
      stripeId,
      paymentId,
      orderId,
      isRefunded: false,
    });
  });
  logger.info({ charges: seen.size }, "compared the gateway with the payments");
}

function problemOf(charge: GatewayCharge, payment: Payment | null): string | undefined {
  const { stripeId, amount, currency, refunded } = charge;
  if (!payment) return refunded ? undefined : "no payment knows this charge";
  if (payment.state === "failed") return refunded ? undefined : "the payment of this charge failed";
  if (payment.stripeId && payment.stripeId !== stripeId)
    return refunded ? undefined : "the payment of this charge was charged twice";
  if (payment.amount !== amount || payment.currency !== currency) return "the amounts differ";
  if (refunded && payment.state === "settled") return "the charge of a settled payment was given back";
  if (!refunded && payment.state === "refunded") return "the charge of a refunded payment was not given back";
  return undefined;
}

/** Somebody has to say by hand that unknown charges go back: to a database that was restored, paid orders are unknown. */
export const reconcileDaily = () => reconcile();

const positive = z.coerce.number().positive();

/** `reconcile [DAYS] [MINIMUM AGE IN HOURS]` */
export const reconcileByHand = ([days, minimumAgeInHours]: string[]) =>
  reconcile({
    days: positive.default(7).parse(days),
    minimumAgeInHours: positive.default(1).parse(minimumAgeInHours),
    refundsUnknown: true,
  });
