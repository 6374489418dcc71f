import { forEachDocument, intentPaymentStates, runPeriodically, seconds } from "@eventhive/common";
import { proceed } from "./intents";
import { claimUntil, duePayments } from "./models/attempts";
import { type Payment, attemptMs } from "./models/payment";

/**
 * Advances each payment that is due by a step: one whose process has crashed, one whose last request has no outcome, one
 * that no request waits for, and periodically one that waits for its buyer or for orders.
 */
export async function finishIntents(signal?: AbortSignal): Promise<void> {
  await forEachDocument(duePayments(...intentPaymentStates).cursor(), finishIntent, signal);
}

async function finishIntent(payment: Payment): Promise<void> {
  const { state } = payment;
  const claimed = await claimIntent(payment);
  if (!claimed) return;
  const { state: after } = await proceed(claimed);
  if (after !== state) finishSweep.kick(); // for its next step, if there is one
}

/** @returns null when another process has claimed it, or it has changed */
export const claimIntent = (payment: Payment): Promise<Payment | null> => claimUntil(payment, attemptMs());

export const finishSweep = runPeriodically(seconds(5), finishIntents);
