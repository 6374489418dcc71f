import type { Card, Decline } from "./cards";
import { cardByNumber } from "./cards";
import type { Changes, Charge, Intent, Ledger } from "./ledger";
import { newId } from "./writes";

/** The intent and its charge, which always change together. */
export type IntentChanges = Changes & { intent: Intent };

const chargeOf = (intent: Intent, card: Card, now: number, decline?: Decline): Charge => ({
  id: newId("ch"),
  object: "charge",
  amount: intent.amount,
  amount_captured: 0,
  amount_refunded: 0,
  captured: false,
  created: now,
  currency: intent.currency,
  description: intent.description,
  disputed: false,
  failure_code: decline?.code ?? null,
  failure_message: decline?.message ?? null,
  livemode: false,
  metadata: intent.metadata,
  paid: !decline,
  payment_intent: intent.id,
  payment_method_details: { type: "card", card: { brand: card.brand, last4: card.number.slice(-4) } },
  refunded: false,
  status: decline ? "failed" : "succeeded",
});

/** Authorizes the card: a hold, or a decline after which the browser may try another card. */
export function authorize(intent: Intent, card: Card, now: number): IntentChanges {
  const { decline } = card;
  const charge = chargeOf(intent, card, now, decline);
  const decided = { ...intent, latest_charge: charge.id, next_action: null };
  if (!decline)
    return {
      charge,
      intent: {
        ...decided,
        amount_capturable: intent.amount,
        last_payment_error: null,
        status: "requires_capture",
      },
    };
  return { charge, intent: failedWith(decided, decline, charge.id) };
}

export const challenge = (intent: Intent): IntentChanges => ({
  intent: {
    ...intent,
    next_action: {
      type: "use_stripe_sdk",
      use_stripe_sdk: { type: "three_d_secure_redirect", stripe_js: `/sandbox/challenges/${intent.id}` },
    },
    status: "requires_action",
  },
});

export const failChallenge = (intent: Intent): IntentChanges => ({
  intent: failedWith(
    { ...intent, next_action: null },
    {
      code: "payment_intent_authentication_failure",
      message: "The provided PaymentMethod has failed authentication.",
    },
  ),
});

type Failure = Pick<Decline, "code" | "message"> & Partial<Pick<Decline, "decline_code">>;

const failedWith = (intent: Intent, { code, ...details }: Failure, charge?: string): Intent => ({
  ...intent,
  last_payment_error: { type: "card_error", code, ...details, ...(charge && { charge }) },
  payment_method: null,
  status: "requires_payment_method",
});

const chargeOfIntent = (ledger: Ledger, { latest_charge }: Intent): Charge | undefined =>
  ledger.charges.get(latest_charge ?? "");

export function capture(ledger: Ledger, intent: Intent): IntentChanges {
  const { amount } = intent;
  const charge = chargeOfIntent(ledger, intent);
  return {
    charge: charge && { ...charge, amount_captured: amount, captured: true },
    intent: {
      ...intent,
      amount_capturable: 0,
      amount_received: amount,
      processing: null,
      status: "succeeded",
    },
  };
}

export const failCapture = (ledger: Ledger, intent: Intent): IntentChanges => ({
  ...release(ledger, intent),
  intent: failedWith(
    { ...intent, amount_capturable: 0, processing: null },
    { code: "processing_error", message: "The capture failed." },
  ),
});

export const cancel = (
  ledger: Ledger,
  intent: Intent,
  now: number,
  reason: Intent["cancellation_reason"],
): IntentChanges => ({
  ...release(ledger, intent),
  intent: {
    ...intent,
    amount_capturable: 0,
    canceled_at: now,
    cancellation_reason: reason,
    next_action: null,
    status: "canceled",
  },
});

/** Stripe represents a released hold as a refunded charge that was never captured. */
function release(ledger: Ledger, intent: Intent): Pick<Changes, "charge"> {
  const charge = chargeOfIntent(ledger, intent);
  if (!charge?.paid) return {};
  return { charge: { ...charge, amount_refunded: charge.amount, refunded: true } };
}

/** @throws if the ledger contains a method with an unknown card, which is never written */
export function cardOfMethod(ledger: Ledger, id: string): Card {
  const card = cardByNumber(ledger.methods.get(id)?.number ?? "");
  if (!card) throw new Error(`The ledger has no card for ${id}`);
  return card;
}
