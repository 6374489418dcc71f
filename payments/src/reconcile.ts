import { randomUUID } from "node:crypto";
import { backoffMs, clock, runPeriodically, hours, isId, logger, minutes, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { z } from "zod";
import { config } from "./config";
import { refundLateCharge } from "./late-charges";
import { externalChanges } from "./metrics";
import { Payment } from "./models/payment";
import {
  type Progress,
  abandon,
  advance,
  claimReconciliation,
  finish,
  postpone,
} from "./models/reconciliation";
import type { GatewayCharge } from "./payment-gateway";
import type { GatewayHold } from "./intent-gateway";
import { gateway, intentGateway } from "./stripe";
import { isStripeFailure, isTransientFailure } from "./stripe-failure";

interface Difference {
  problem: string;
  stripeId: string;
  paymentId?: string;
  orderId?: string;
  /** Whether the money went back because of it. */
  isRefunded: boolean;
}

interface Options {
  /** Whether charges that name a payment which does not exist are refunded. */
  refundsUnknown?: boolean;
  report?: (difference: Difference) => void;
  /** Ends it between two items of a page. */
  signal?: AbortSignal | undefined;
}

const log = (difference: Difference) => logger.warn(difference, "the gateway and the payments differ");

interface Period {
  days: number;
  minAgeMs: number;
}

interface Schedule extends Period {
  name: string;
  everyMs: number;
}

const inDays = (durationInSeconds: number) => durationInSeconds / (24 * 3600);

/** More often as far back as the charge of a failed payment may still have appeared. The names are stored. */
const schedules = (): Schedule[] => [
  {
    name: "hourly",
    everyMs: seconds(config.LATE_CHARGE_INTERVAL),
    days: inDays(config.LATE_CHARGE_WINDOW),
    minAgeMs: minutes(15),
  },
  {
    name: "daily",
    everyMs: seconds(config.RECONCILE_INTERVAL),
    days: inDays(config.RECONCILE_WINDOW),
    minAgeMs: hours(1),
  },
];

function beginning({ days, minAgeMs }: Period): Progress {
  const now = clock.now();
  const [from, until] = [new Date(now - hours(24 * days)), new Date(now - minAgeMs)];
  return { startedAt: new Date(now), from, until, step: "charges" };
}

/**
 * Compares the next page of each schedule that is due, unless another process does. Each page is stored before the next
 * one is taken, so a crash or a refusal of the gateway costs one page. Stopping waits for one item at most, and leaves its
 * page to any other process.
 */
export async function reconcileWhenDue(signal?: AbortSignal): Promise<void> {
  for (const schedule of schedules()) {
    signal?.throwIfAborted();
    if (await reconcilePage(schedule, signal)) reconcileSweep.kick();
  }
}

export const reconcileSweep = runPeriodically(seconds(10), reconcileWhenDue);

/** @returns whether there may be more to compare now */
async function reconcilePage(schedule: Schedule, signal: AbortSignal | undefined): Promise<boolean> {
  const claimed = await claimReconciliation(schedule.name);
  if (!claimed) return false;
  const progress = claimed.progress ?? beginning(schedule);
  try {
    const next = await comparePage(progress, { signal });
    if (next) return await advance(claimed, next);
    await finish(claimed, new Date(progress.startedAt.getTime() + schedule.everyMs));
    logger.info({ schedule: schedule.name }, "compared the gateway with the payments");
  } catch (error) {
    if (signal?.aborted && error === signal.reason) {
      await abandon(claimed);
      throw error;
    }
    logger.warn({ err: error, schedule: schedule.name }, "could not compare a page with the gateway");
    // Stripe does not know the charge at which the page begins (another account, a test's ledger): from the first page.
    const isLost = isStripeFailure(error) && error.param === "starting_after";
    await postpone(claimed, isLost ? beginning(schedule) : progress);
  }
  return false;
}

/**
 * Compares the gateway with the payments of the last days, both ways, reports what differs, and refunds what nobody is
 * waiting for: a charge whose payment failed and, when `refundsUnknown`, one that names a payment which does not exist.
 * Young charges of other payments are left alone. A charge whose payment may still come to its end by itself is never touched, so this is
 * safe at any time and as often as one likes.
 */
export async function reconcile({
  days = 7,
  minAgeMs = hours(1),
  ...options
}: Partial<Period> & Options = {}): Promise<void> {
  let progress: Progress | undefined = beginning({ days, minAgeMs });
  while (progress) progress = await retryRefused(progress, options);
  logger.info({ days }, "compared the gateway with the payments");
}

const maxAttempts = 7;
const pauses = { firstMs: 250, maxMs: seconds(8) };

/** Run by hand, no later run would repeat a page: it is retried for about 16 s. */
async function retryRefused(progress: Progress, options: Options): Promise<Progress | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await comparePage(progress, options);
    } catch (error) {
      if (attempt === maxAttempts || !isStripeFailure(error) || !isTransientFailure(error)) throw error;
      await clock.wait(backoffMs(attempt, pauses));
    }
  }
}

/** @returns where to continue, or undefined at the end */
async function comparePage(progress: Progress, options: Options = {}): Promise<Progress | undefined> {
  const { startedAt, from, until, step, after } = progress;
  const goOn = (next: string | undefined, nextStep: Progress["step"]): Progress =>
    next ? { ...progress, after: next } : { startedAt, from, until, step: nextStep };

  // Begins an hour before the payments that are compared, for clocks that disagree.
  const request = { since: new Date(from.getTime() - hours(1)), ...(after ? { after } : {}) };
  if (step === "charges") {
    const { items, next } = await gateway().listCharges(request);
    await compareCharges(items, progress, options);
    return goOn(next, "holds");
  }
  if (step === "holds") {
    const { items, next } = await intentGateway().listHolds(request);
    await compareHolds(items, progress, options);
    return goOn(next, "refunds");
  }
  if (step === "refunds") {
    const { items, next } = await gateway().listRefunds(request);
    await compareRefunded(items, progress, options);
    return goOn(next, "payments");
  }
  return compareUnreconciled(progress, options);
}

/** @throws the reason of the signal before the next item, once it is aborted */
function* untilAborted<Item>(items: Item[], signal: AbortSignal | undefined): Generator<Item> {
  for (const item of items) {
    signal?.throwIfAborted();
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

  for (const charge of untilAborted(charges, options.signal)) {
    const payment = paymentOf(charge);
    // However young: nothing but a refund can follow the charge of a payment that failed.
    if (charge.createdAt <= until || payment?.state === "failed") await compare(charge, payment, options);
  }
}

/** Not versioned: that the charge was seen is not published, and no save of a payment writes it. */
const markReconciled = (stripeIds: string[]) =>
  Payment.updateMany({ stripeId: trusted({ $in: stripeIds }) }, { $unset: { unreconciled: 1 } });

/**
 * Releases money that no payment will take: each hold is of a payment that has not ended, unless something is wrong. One
 * without our payment's id is not ours: others may use the same account.
 */
async function compareHolds(
  holds: GatewayHold[],
  { until }: Progress,
  { report = log, signal }: Options,
): Promise<void> {
  const ids = holds.map(({ paymentId }) => paymentId).filter(isId);
  const found = await Payment.find({ _id: trusted({ $in: ids }) }, { state: 1 }).lean();
  const states = new Map(found.map(({ _id, state }) => [String(_id), state]));
  for (const { intentId, paymentId, orderId, createdAt } of untilAborted(holds, signal)) {
    const state = states.get(paymentId ?? "");
    if (!paymentId || createdAt > until || (state && !hasEnded(state))) continue;
    const problem = state ? `money is held for a ${state} payment` : "money is held for no payment";
    await intentGateway().cancel({ paymentId, intentId });
    report({ problem, stripeId: intentId, paymentId, orderId, isRefunded: true });
  }
}

const hasEnded = (state: Payment["state"]): boolean =>
  state === "settled" || state === "failed" || state === "refunded";

/** A refund that was made by hand may be of a charge that is older than what is compared otherwise. */
async function compareRefunded(
  refunded: { stripeId: string }[],
  { from }: Progress,
  options: Options,
): Promise<void> {
  const stripeIds = refunded.map(({ stripeId }) => stripeId);
  const kept = { stripeId: trusted({ $in: stripeIds }), state: "settled", createdAt: trusted({ $lt: from }) };
  for (const payment of untilAborted(await Payment.find(kept), options.signal)) {
    const charge = await gateway().retrieve(payment.stripeId ?? "");
    if (charge) await compare(charge, payment, options);
  }
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

/** That a list does not show a charge proves nothing, because it may be younger than the list: each is looked up. */
async function compareUnreconciled(progress: Progress, options: Options): Promise<Progress | undefined> {
  const payments = await unreconciledPayments(progress);
  for (const payment of untilAborted(payments, options.signal)) {
    const { id: paymentId, orderId, stripeId } = payment;
    if (!stripeId) continue;
    const charge = await gateway().retrieve(stripeId);
    if (charge) {
      await markReconciled([stripeId]);
      await compare(charge, payment, options);
    } else {
      const problem = "the gateway does not know this charge";
      (options.report ?? log)({ problem, stripeId, paymentId, orderId, isRefunded: false });
    }
  }
  const last = payments.at(-1);
  if (!last || payments.length < maxLookUps) return undefined;
  return { ...progress, from: last.createdAt, after: last.id };
}

async function compare(
  charge: GatewayCharge,
  payment: Payment | undefined,
  { refundsUnknown = false, report = log }: Options,
): Promise<void> {
  const problem = problemOf(charge, payment);
  if (!problem) return;
  const { stripeId, paymentId, orderId } = charge;
  // One without our payment's id is not ours to refund: others may use the same account.
  const isOrphan = payment ? payment.state === "failed" : refundsUnknown && paymentId !== undefined;
  try {
    if (isOrphan && paymentId)
      await (payment ? refundLateCharge(payment, stripeId) : refundUnknown(paymentId, stripeId));
  } catch (error) {
    // The next comparison tries again; one that cannot be refunded at all must not hold up the others.
    logger.warn({ err: error, stripeId, paymentId }, "could not refund an unknown charge");
    return;
  }
  if (payment?.state === "settled") countExternalChange(charge);
  report({ problem, stripeId, paymentId, orderId, isRefunded: isOrphan });
}

/** The ticket stays sold: only a person can decide what a dispute or a refund made in the dashboard means for it. */
function countExternalChange({ disputed, amountRefunded }: GatewayCharge): void {
  if (disputed) externalChanges.inc({ change: "dispute" });
  if (amountRefunded > 0) externalChanges.inc({ change: "refund" });
}

/** Nothing is stored about it, so each request has a key of its own; a charge that was refunded is only refused. */
const refundUnknown = (paymentId: string, stripeId: string) =>
  gateway().refund({ paymentId: `${paymentId}-${randomUUID()}`, stripeId });

function problemOf(charge: GatewayCharge, payment: Payment | undefined): string | undefined {
  const { stripeId, amount, currency, refunded, amountRefunded, disputed } = charge;
  if (!payment) return refunded ? undefined : "no payment knows this charge";
  const { state } = payment;
  if (state === "failed") return refunded ? undefined : "the payment of this charge failed";
  if (payment.stripeId && payment.stripeId !== stripeId)
    return refunded ? undefined : "the payment of this charge was charged twice";
  if (payment.amount !== amount || payment.currency !== currency) return "the amounts differ";
  if (disputed) return `the charge of a ${state} payment is disputed`;
  if (refunded && state === "settled") return "the charge of a settled payment was refunded";
  if (refunded) return undefined;
  // Our own refunds are of all that is left, so a part was refunded by hand.
  if (amountRefunded > 0 && state !== "refunding")
    return `only a part of the charge of a ${state} payment was refunded`;
  return state === "refunded" ? "the charge of a refunded payment was not refunded" : undefined;
}

const positive = z.coerce.number().positive();

/**
 * `reconcile [DAYS] [MINIMUM AGE IN HOURS]`. Unknown charges are refunded only when it is run by hand: to a
 * database that was restored, paid orders are unknown.
 */
export const reconcileByHand = ([days, minAgeInHours]: string[]) =>
  reconcile({
    days: positive.default(7).parse(days),
    minAgeMs: hours(positive.default(1).parse(minAgeInHours)),
    refundsUnknown: true,
  });
