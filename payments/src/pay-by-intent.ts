import { clock, seconds } from "@eventhive/common";
import { claimIntent, finishSweep } from "./finish-intents";
import { type Limits, askStripe, proceed, retrieve } from "./intents";
import { Payment, isDue } from "./models/payment";
import { withUpdates } from "./payment-updates";
import { gatewayTimeout, retryTime } from "./stripe";

export interface Paying {
  begunAt: number;
  /** When the response is due. */
  deadline: number;
  /** It was created by this request, so its 3-D Secure cannot be passed yet. */
  isNew: boolean;
}

/**
 * Advances a payment as far as possible within the time limit. In its first seconds, a request calls Stripe itself; later
 * it leaves that to the sweep.
 */
export async function payByIntent(payment: Payment, { begunAt, deadline, isNew }: Paying): Promise<Payment> {
  const until = begunAt + retryTime();
  const limits = { until, deadline };
  return withUpdates(payment, async (updates) => {
    let current = await start(payment, limits, isNew);
    for (;;) {
      const mayAsk = clock.now() < until;
      const before = current.version;
      if (mayAsk) current = await advance(current, limits);
      else if (isUnfinished(current) && isDue(current)) finishSweep.kick();
      if (!isWorthWaiting(current, begunAt)) return current;
      if (current.version !== before) continue;
      const saved = await updates.wait(current);
      current = saved ? await askStripe(saved, limits) : await Payment.findById(current.id).orFail();
    }
  });
}

async function start(payment: Payment, limits: Limits, isNew: boolean): Promise<Payment> {
  if (isNew) return askStripe(payment, limits);
  return payment.state === "challenged" ? retrieve(payment, limits) : payment;
}

/** Unchanged if it waits for orders, or another process is calling Stripe. */
async function advance(payment: Payment, limits: Limits): Promise<Payment> {
  if (!isUnfinished(payment) || !isDue(payment)) return payment;
  const claimed = await claimIntent(payment);
  return claimed ? proceed(claimed, limits) : payment;
}

const isUnfinished = ({ state }: Payment): boolean =>
  state === "authorizing" || state === "capturing" || state === "voiding";

function isWorthWaiting(payment: Payment, begunAt: number): boolean {
  const passedMs = clock.now() - begunAt;
  if (isUnfinished(payment)) return passedMs < gatewayTimeout();
  const isAuthorized = payment.state === "authorized" && passedMs < gatewayTimeout();
  return isAuthorized && clock.now() - payment.since.getTime() < seconds(5);
}
