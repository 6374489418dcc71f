import { z } from "zod";
import type { Intent, Ledger } from "./ledger";
import { integer, readParameters, text } from "./parameters";
import { usableMethod } from "./payment-methods";
import { StripeError, missing } from "./stripe-error";
import { type Work, checkAmount, currency, newId } from "./writes";

// `confirm` is not among them: only an intent whose id is stored may be confirmed.
const intentParameters = z.strictObject({
  amount: integer,
  currency,
  capture_method: z.literal("manual"),
  payment_method: text.optional(),
  allowed_payment_method_types: z.tuple([z.literal("card")]),
  metadata: z.record(z.string(), z.string()).default({}),
  description: z.string().nullable().default(null),
});

export const createIntent: Work = (ledger, given, now) => {
  const {
    payment_method = null,
    allowed_payment_method_types: types,
    ...stated
  } = readParameters(intentParameters, given);
  checkAmount(stated.amount);
  if (payment_method) usableMethod(ledger, payment_method, now);
  const id = newId("pi");
  const intent: Intent = {
    ...stated,
    id,
    object: "payment_intent",
    amount_capturable: 0,
    amount_received: 0,
    canceled_at: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${newId("").slice(1)}`,
    created: now,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    next_action: null,
    payment_method,
    payment_method_types: types,
    processing: null,
    status: payment_method ? "requires_confirmation" : "requires_payment_method",
  };
  return { status: 200, body: intent, changes: { intent } };
};

export function intentById(ledger: Ledger, id: string): Intent {
  const intent = ledger.intents.get(id);
  if (!intent) throw missing("payment_intent", id, "intent", 404);
  return intent;
}

export const unexpectedState = (intent: Intent, action: string) =>
  new StripeError(400, {
    type: "invalid_request_error",
    code: "payment_intent_unexpected_state",
    message: `You cannot ${action} this PaymentIntent because it has a status of ${intent.status}.`,
    payment_intent: intent,
  });
