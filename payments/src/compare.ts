import { randomUUID } from "node:crypto";
import { hours, isId, logger } from "@eventhive/common";
import { trusted } from "mongoose";
import type { GatewayHold } from "./intent-gateway";
import { refundLateCharge } from "./late-charges";
import { type Difference, externalChanges, foundDifferences } from "./metrics";
import { Payment } from "./models/payment";
import { type Progress, steps } from "./models/reconciliation";
import type { GatewayCharge, GatewayDispute } from "./payment-gateway";
import { gateway, intentGateway } from "./stripe";

interface Problem {
  problem: string;
  /** Undefined where another metric counts it, or no alert is needed. */
  difference?: Difference | undefined;
}

interface Found extends Problem {
  stripeId: string;
  paymentId?: string;
  orderId?: string;
  /** Whether the charge was refunded, or the hold released, because of it. */
  isRefunded: boolean;
}

export interface Options {
  /** Whether charges that name a payment which does not exist are refunded. */
  refundsUnknown?: boolean;
  report?: (found: Found) => void;
  /** Ends it between two items of a page. */
  signal?: AbortSignal | undefined;
  /** Called before each item of a page. */
  onItem?: () => Promise<void>;
}

const log = (found: Found) => logger.warn(found, "payments and Stripe differ");

function tell(found: Found, { report = log }: Options): void {
  const { difference } = found;
  if (difference) foundDifferences.inc({ difference });
  report(found);
}

/**
 * Compares one page of charges, holds, refunds or disputes at Stripe, or of payments whose charge no list has shown.
 * @returns where to continue, or undefined at the end
 */
export async function comparePage(progress: Progress, options: Options = {}): Promise<Progress | undefined> {
  const { from, step, after } = progress;
  const goOn = (next: string | undefined) => (next ? { ...progress, after: next } : nextStep(progress));

  // Begins an hour before the payments that are compared, for clocks that disagree.
  const request = { since: new Date(from.getTime() - hours(1)), after };
  if (step === "charges") {
    const { items, next } = await gateway().listCharges(request);
    await compareCharges(items, progress, options);
    return goOn(next);
  }
  if (step === "holds") {
    const { items, next } = await intentGateway().listHolds(request);
    await compareHolds(items, progress, options);
    return goOn(next);
  }
  if (step === "refunds") {
    const { items, next } = await gateway().listRefunds(request);
    await compareRefunded(items, progress, options);
    return goOn(next);
  }
  if (step === "disputes") {
    const { items, next } = await gateway().listDisputes(request);
    await compareDisputed(items, options);
    return goOn(next);
  }
  return compareUnreconciled(progress, options);
}

/** @returns undefined after the last step */
export function nextStep({ after: _after, ...progress }: Progress): Progress | undefined {
  const step = steps[steps.indexOf(progress.step) + 1];
  return step && { ...progress, step };
}

/** @throws the reason of the signal before the next item, once it is aborted */
async function* eachOf<Item>(items: Item[], { signal, onItem }: Options): AsyncGenerator<Item> {
  for (const item of items) {
    signal?.throwIfAborted();
    await onItem?.();
    yield item;
  }
}

async function compareCharges(
  charges: GatewayCharge[],
  { until }: Progress,
  options: Options,
): Promise<void> {
  const ids = charges.map(({ paymentId }) => paymentId).filter(isId);
  const found = await Payment.find({ _id: trusted({ $in: ids }) });
  const payments = new Map(found.map((payment) => [payment.id, payment]));
  const paymentOf = ({ paymentId = "" }: GatewayCharge) => payments.get(paymentId);

  const shown = charges.filter((charge) => {
    const payment = paymentOf(charge);
    return payment?.unreconciled && payment.stripeId === charge.stripeId;
  });
  if (shown.length > 0) await markReconciled(shown.map(({ stripeId }) => stripeId));

  for await (const charge of eachOf(charges, options)) {
    const payment = paymentOf(charge);
    // At any age: only a refund can follow the charge of a payment that failed.
    if (charge.createdAt <= until || payment?.state === "failed") await compare(charge, payment, options);
  }
}

/** Not versioned: that the charge was seen is not published, and no save of a payment writes it. */
const markReconciled = (stripeIds: string[]) =>
  Payment.updateMany({ stripeId: trusted({ $in: stripeIds }) }, { $unset: { unreconciled: 1 } });

/**
 * Releases holds that no payment will capture: those whose payment has ended or does not exist. A hold without the id of a
 * payment is not ours: other systems may use the same account.
 */
async function compareHolds(holds: GatewayHold[], { until }: Progress, options: Options): Promise<void> {
  const ids = holds.map(({ paymentId }) => paymentId).filter(isId);
  const found = await Payment.find({ _id: trusted({ $in: ids }) }, { state: 1 }).lean();
  const states = new Map(found.map(({ _id, state }) => [String(_id), state]));
  for await (const { intentId, paymentId, orderId, createdAt } of eachOf(holds, options)) {
    const state = states.get(paymentId ?? "");
    if (!paymentId || createdAt > until || (state && !hasEnded(state))) continue;
    const problem = state ? `money is held for a ${state} payment` : "no payment matches this hold";
    const result = await intentGateway().cancel({ paymentId, intentId });
    // Otherwise the next comparison retries.
    const isRefunded = result.outcome === "known" && result.intent.status === "canceled";
    tell({ problem, difference: "hold", stripeId: intentId, paymentId, orderId, isRefunded }, options);
  }
}

const hasEnded = (state: Payment["state"]): boolean =>
  state === "settled" || state === "failed" || state === "refunded";

/** A refund that was made by hand may be of a charge from before the period. */
async function compareRefunded(
  refunded: { stripeId: string }[],
  { from }: Progress,
  options: Options,
): Promise<void> {
  const stripeIds = refunded.map(({ stripeId }) => stripeId);
  const kept = { stripeId: trusted({ $in: stripeIds }), state: "settled", createdAt: trusted({ $lt: from }) };
  for await (const payment of eachOf(await Payment.find(kept), options)) {
    const charge = await gateway().retrieve(payment.stripeId ?? "");
    if (charge) await compare(charge, payment, options);
  }
}

/** Cardholders dispute charges weeks later. The ticket stays sold, as after a refund by hand. */
async function compareDisputed(disputes: GatewayDispute[], options: Options): Promise<void> {
  const stripeIds = disputes.map(({ stripeId }) => stripeId);
  const found = await Payment.find({ stripeId: trusted({ $in: stripeIds }) }).lean();
  const payments = new Map(found.map((payment) => [payment.stripeId, payment]));
  for await (const { stripeId, disputedAt } of eachOf(disputes, options)) {
    const payment = payments.get(stripeId);
    if (!payment) {
      await compareDisputedCharge(stripeId, options);
      continue;
    }
    const { _id, orderId, state } = payment;
    await Payment.updateOne({ _id }, { disputedAt });
    externalChanges.inc({ change: "dispute" });
    const problem = `the charge of a ${state} payment is disputed`;
    tell({ problem, stripeId, paymentId: String(_id), orderId, isRefunded: false }, options);
  }
}

/** A second charge of a payment, or one whose payment does not exist. Charges of other systems do not name a payment. */
async function compareDisputedCharge(stripeId: string, options: Options): Promise<void> {
  const { paymentId, orderId } = (await gateway().retrieve(stripeId)) ?? {};
  if (!paymentId) return;
  externalChanges.inc({ change: "dispute" });
  const problem = "a charge that no payment matches is disputed";
  tell({ problem, stripeId, paymentId, orderId, isRefunded: false }, options);
}

const maxLookUps = 20;

/** Payments whose charge no list has shown, oldest first. */
export const unreconciledPayments = ({ from, until, after }: Progress) =>
  Payment.find({
    unreconciled: trusted({ $exists: true }),
    createdAt: trusted({ $gte: from, $lte: until }),
    ...(after ? { $or: [{ createdAt: trusted({ $gt: from }) }, { _id: trusted({ $gt: after }) }] } : {}),
  })
    .sort({ createdAt: 1, _id: 1 })
    .limit(maxLookUps);

/** A charge that is missing from a list may be newer than the list, so each is looked up. */
async function compareUnreconciled(progress: Progress, options: Options): Promise<Progress | undefined> {
  const payments = await unreconciledPayments(progress);
  for await (const payment of eachOf(payments, options)) {
    const { id: paymentId, orderId, stripeId } = payment;
    if (!stripeId) continue;
    const charge = await gateway().retrieve(stripeId);
    if (charge) {
      await markReconciled([stripeId]);
      await compare(charge, payment, options);
    } else {
      const problem = "this charge does not exist at Stripe";
      const difference = "missing_charge";
      tell({ problem, difference, stripeId, paymentId, orderId, isRefunded: false }, options);
    }
  }
  const last = payments.at(-1);
  if (!last || payments.length < maxLookUps) return undefined;
  return { ...progress, from: last.createdAt, after: last.id };
}

async function compare(charge: GatewayCharge, payment: Payment | undefined, options: Options): Promise<void> {
  const found = problemOf(charge, payment);
  if (!found) return;
  const { stripeId, paymentId, orderId } = charge;
  // A charge without the id of a payment is not ours to refund: other systems may use the same account.
  const isOrphan = payment
    ? payment.state === "failed"
    : options.refundsUnknown === true && paymentId !== undefined;
  try {
    if (isOrphan && paymentId)
      await (payment ? refundLateCharge(payment, stripeId) : refundUnknown(paymentId, stripeId));
  } catch (error) {
    // The next comparison retries; a charge that cannot be refunded at all must not block the others.
    logger.warn({ err: error, stripeId, paymentId }, "could not refund an unknown charge");
    return;
  }
  if (payment?.state === "settled" && payment.stripeId === stripeId && charge.amountRefunded > 0) {
    await storeRefundByHand(payment, charge);
    externalChanges.inc({ change: "refund" });
  }
  tell({ ...found, stripeId, paymentId, orderId, isRefunded: isOrphan }, options);
}

/** The ticket stays sold: only an operator can decide what a refund in the dashboard means for it. */
const storeRefundByHand = ({ _id }: Payment, { amountRefunded }: GatewayCharge) =>
  Payment.updateOne({ _id }, { amountRefunded });

/** Nothing is stored about it, so each request has its own key; Stripe rejects a refund of a refunded charge. */
const refundUnknown = (paymentId: string, stripeId: string) =>
  gateway().refund({ paymentId: `${paymentId}-${randomUUID()}`, stripeId });

function problemOf(charge: GatewayCharge, payment: Payment | undefined): Problem | undefined {
  const { stripeId, paymentId, amount, currency, refunded, amountRefunded } = charge;
  if (!payment) {
    if (refunded) return undefined;
    return {
      problem: "no payment matches this charge",
      difference: paymentId ? "unknown_charge" : undefined,
    };
  }
  const { state } = payment;
  if (state === "failed") return refunded ? undefined : { problem: "the payment of this charge failed" };
  if (payment.stripeId && payment.stripeId !== stripeId)
    return refunded
      ? undefined
      : { problem: "the payment of this charge was charged twice", difference: "charged_twice" };
  if (payment.amount !== amount || payment.currency !== currency)
    return { problem: "the amounts differ", difference: "amount" };
  if (refunded && state === "settled") return { problem: "the charge of a settled payment was refunded" };
  if (refunded) return undefined;
  const difference = state === "refunded" ? "not_refunded" : undefined;
  // Our own refunds are always of the full rest, so a partial refund was made by hand.
  if (amountRefunded > 0 && state !== "refunding")
    return { problem: `only part of the charge of a ${state} payment was refunded`, difference };
  return difference && { problem: "the charge of a refunded payment was not refunded", difference };
}
