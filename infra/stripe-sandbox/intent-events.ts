import { z } from "zod";
import {
  type IntentChanges,
  authorize,
  cancel,
  capture,
  cardOfMethod,
  failCapture,
  failChallenge,
} from "./intent-changes";
import { confirmIntent } from "./intent-requests";
import { intentById, unexpectedState } from "./intents";
import type { Intent, Ledger } from "./ledger";
import { readParameters } from "./parameters";
import { newId } from "./writes";

// Changes of an intent that are not requests of the merchant.

const eventSchema = z.strictObject({
  event: z.enum(["pass-challenge", "fail-challenge", "lapse", "end-processing", "fail-processing"]),
});
export type IntentEvent = z.output<typeof eventSchema>["event"];

const statusBefore: Record<IntentEvent, Intent["status"]> = {
  "pass-challenge": "requires_action",
  "fail-challenge": "requires_action",
  lapse: "requires_capture",
  "end-processing": "processing",
  "fail-processing": "processing",
};

/** @throws StripeError if the intent is not in the status that the event requires */
export function applyIntentEvent(ledger: Ledger, id: string, given: unknown, now: number): Intent {
  const { event } = readParameters(eventSchema, given);
  const intent = intentById(ledger, id);
  if (intent.status !== statusBefore[event]) throw unexpectedState(intent, event);
  const changes = changesOf(event, ledger, intent, now);
  ledger.write(changes);
  return changes.intent;
}

/**
 * The browser of the buyer confirms a declined intent again, with another card.
 * @throws StripeError if the intent cannot be confirmed any more
 */
export function confirmInBrowser(ledger: Ledger, id: string, number: string, now: number): void {
  const method = { id: newId("pm"), number };
  ledger.write({ method });
  const request = { id, isProcessing: false };
  ledger.write(confirmIntent(ledger, { payment_method: method.id }, now, request).changes);
}

function changesOf(event: IntentEvent, ledger: Ledger, intent: Intent, now: number): IntentChanges {
  switch (event) {
    case "pass-challenge":
      return authorize(intent, cardOfMethod(ledger, intent.payment_method ?? ""), now);
    case "fail-challenge":
      return failChallenge(intent);
    case "lapse":
      return cancel(ledger, intent, now, "automatic");
    case "end-processing":
      return capture(ledger, intent);
    case "fail-processing":
      return failCapture(ledger, intent);
  }
}

/** The page on which the buyer passes or fails 3-D Secure. Closing it does not change the intent. */
export const challengePage = ({ id }: Intent): string => `<!doctype html>
<html lang="en">
<title>3-D Secure (test)</title>
<h1>3-D Secure test page</h1>
<form method="post" action="/sandbox/challenges/${id}">
  <button name="event" value="pass-challenge">Complete authentication</button>
  <button name="event" value="fail-challenge">Fail authentication</button>
</form>
`;

/** The page after that, which tells the one that shows it in a frame. */
export const challengeEndedPage = `<!doctype html>
<html lang="en">
<title>3-D Secure (test)</title>
<p>You can close this page.</p>
<script>parent.postMessage("challenge-answered", "*")</script>
`;
