import { z } from "zod";
import { authorize, cancel, capture, cardOfMethod, challenge } from "./intent-changes";
import { intentById, unexpectedState } from "./intents";
import { readParameters, text } from "./parameters";
import { usableMethod } from "./payment-methods";
import type { Work } from "./writes";

const confirmParameters = z.strictObject({
  payment_method: text.optional(),
  confirmation_token: text.optional(),
  use_stripe_sdk: z.literal("true").optional(),
});

export const confirmIntent: Work = (ledger, given, now, { id }) => {
  const parameters = readParameters(confirmParameters, given ?? {});
  const intent = intentById(ledger, id);
  if (intent.status === "requires_action") return { status: 200, body: intent, changes: {} };
  const isOpen = intent.status === "requires_confirmation" || intent.status === "requires_payment_method";
  const methodId = parameters.confirmation_token ?? parameters.payment_method ?? intent.payment_method;
  if (!isOpen || !methodId) throw unexpectedState(intent, "confirm");
  const method = usableMethod(ledger, methodId, now);
  const confirmed = { ...intent, payment_method: methodId };
  const card = cardOfMethod(ledger, methodId);
  const changes = {
    ...(card.isChallenged ? challenge(confirmed) : authorize(confirmed, card, now)),
    method: parameters.confirmation_token ? { ...method, usedBy: id } : undefined,
  };
  const { last_payment_error: declined } = changes.intent;
  if (changes.intent.status !== "requires_payment_method" || !declined)
    return { status: 200, body: changes.intent, changes };
  return { status: 402, body: { error: { ...declined, payment_intent: changes.intent } }, changes };
};

export const captureIntent: Work = (ledger, given, _now, { id, isProcessing }) => {
  readParameters(z.strictObject({}), given ?? {}); // always the whole amount
  const intent = intentById(ledger, id);
  if (intent.status !== "requires_capture") throw unexpectedState(intent, "capture");
  const changes = isProcessing
    ? { intent: { ...intent, status: "processing" as const } }
    : capture(ledger, intent);
  return { status: 200, body: changes.intent, changes };
};

export const cancelIntent: Work = (ledger, given, now, { id }) => {
  readParameters(z.strictObject({}), given ?? {});
  const intent = intentById(ledger, id);
  if (["succeeded", "canceled", "processing"].includes(intent.status))
    throw unexpectedState(intent, "cancel");
  const changes = cancel(ledger, intent, now, null);
  return { status: 200, body: changes.intent, changes };
};
