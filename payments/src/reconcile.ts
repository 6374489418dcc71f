import { backoffMs, clock, hours, logger, minutes, runPeriodically, seconds } from "@eventhive/common";
import { z } from "zod";
import { type Options, comparePage, nextStep } from "./compare";
import { config } from "./config";
import {
  type Claim,
  type Progress,
  abandon,
  advance,
  claimReconciliation,
  finish,
  finishIncomplete,
  postpone,
  renew,
} from "./models/reconciliation";
import { isStripeFailure, isTransientFailure } from "./stripe-failure";

interface Period {
  days: number;
  minAgeMs: number;
}

interface Schedule extends Period {
  name: string;
  everyMs: number;
}

const inDays = (durationInSeconds: number) => durationInSeconds / (24 * 3600);

/** More often for the period in which the charge of a failed payment may still appear. The names are stored. */
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
 * one is taken, so a crash or a rejection by Stripe costs one page. Stopping waits for one item at most, and leaves
 * the page to another process.
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
    const next = await comparePage(progress, { signal, onItem: () => renew(claimed) });
    return await proceed(claimed, schedule, progress, next);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) {
      await abandon(claimed);
      throw error;
    }
    const { step } = progress;
    logger.warn({ err: error, schedule: schedule.name, step }, "could not compare a page with Stripe");
    // Stripe does not know the charge at which the page begins (another account, a test's ledger): starts over.
    const isLost = isStripeFailure(error) && error.param === "starting_after";
    if (claimed.failures + 1 === maxPageAttempts) return skipStep(claimed, schedule, progress);
    await postpone(claimed, isLost ? beginning(schedule) : progress);
  }
  return false;
}

/** In about 5 minutes. */
const maxPageAttempts = 6;

/** A step that always fails, because the API key lacks a permission for example, must not block the others. */
function skipStep(claimed: Claim, schedule: Schedule, progress: Progress): Promise<boolean> {
  logger.error({ schedule: schedule.name, step: progress.step }, "skipped a step of the comparison");
  const incomplete = { ...progress, isIncomplete: true };
  return proceed(claimed, schedule, incomplete, nextStep(incomplete));
}

async function proceed(
  claimed: Claim,
  { name, everyMs }: Schedule,
  progress: Progress,
  next: Progress | undefined,
): Promise<boolean> {
  if (next) return advance(claimed, next);
  if (progress.isIncomplete) await finishIncomplete(claimed, Math.min(everyMs, hours(1)));
  else {
    await finish(claimed, new Date(progress.startedAt.getTime() + everyMs));
    logger.info({ schedule: name }, "compared payments with Stripe");
  }
  return false;
}

/**
 * Compares Stripe with the payments of the last days, in both directions, reports differences, and refunds charges
 * that no order waits for: those whose payment failed and, with `refundsUnknown`, those whose payment does not exist.
 * Recent charges of other payments are ignored. A charge whose payment has not ended is never touched, so this is safe at
 * any time, and repeatable. A step that fails does not stop the others.
 * @throws AggregateError of the failures, at the end
 */
export async function reconcile({
  days = 7,
  minAgeMs = hours(1),
  ...options
}: Partial<Period> & Options = {}): Promise<void> {
  let progress: Progress | undefined = beginning({ days, minAgeMs });
  const failures: unknown[] = [];
  while (progress) {
    const current: Progress = progress;
    try {
      progress = await retryRefused(current, options);
    } catch (error) {
      failures.push(error);
      progress = nextStep(current);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "The comparison is incomplete");
  logger.info({ days }, "compared payments with Stripe");
}

const maxAttempts = 7;
const pauses = { firstMs: 250, maxMs: seconds(8) };

/** When it is run by hand, no later run would retry a page, so it is retried for about 16 s. */
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

const positive = z.coerce.number().positive();

/**
 * `reconcile [DAYS] [MINIMUM AGE IN HOURS]`. Unknown charges are refunded only when it is run by hand: in a
 * restored database, the payments of paid orders are missing.
 */
export const reconcileByHand = ([days, minAgeInHours]: string[]) =>
  reconcile({
    days: positive.default(7).parse(days),
    minAgeMs: hours(positive.default(1).parse(minAgeInHours)),
    refundsUnknown: true,
  });
