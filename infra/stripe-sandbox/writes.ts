import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Card, authenticationRequired, cardByNumber, cardByToken } from "./cards";
import type { Changes, Charge, Dispute, Ledger, Refund, Token } from "./ledger";
import { integer, readParameters, text } from "./parameters";
import { invalidRequest, missing, StripeError } from "./stripe-error";

export interface Details {
  /** Of the path. */
  id: string;
  /** Requested by a fault. */
  isProcessing: boolean;
}

/** Returns what a POST changes and responds; the caller writes both to the ledger. `now` is in seconds. */
export type Work = (ledger: Ledger, given: unknown, now: number, details: Details) => Done;

export interface Done {
  status: number;
  body: unknown;
  changes: Changes;
}

export const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString("hex")}`;

const invalidCard = (code: string, message: string, param: string) =>
  new StripeError(402, { type: "card_error", code, message, param });

const tokenParameters = z.strictObject({
  card: z.object({ number: text, exp_month: integer, exp_year: integer, cvc: text.optional() }),
});

export const createToken: Work = (_ledger, given, now) => {
  const { card } = readParameters(tokenParameters, given);
  const known = cardByNumber(card.number);
  if (!known) throw invalidCard("incorrect_number", "Your card number is incorrect.", "number");
  if (card.exp_month < 1 || card.exp_month > 12)
    throw invalidCard("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month");
  const expiryYear = card.exp_year < 100 ? 2000 + card.exp_year : card.exp_year;
  if (Date.UTC(expiryYear, card.exp_month) <= now * 1000)
    throw invalidCard("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year");
  if (card.cvc !== undefined && !/^\d{3,4}$/.test(card.cvc))
    throw invalidCard("invalid_cvc", "Your card's security code is invalid.", "cvc");
  const token = { id: newId("tok"), number: known.number, used: false };
  const shown = {
    object: "card",
    brand: known.brand,
    last4: known.number.slice(-4),
    exp_month: card.exp_month,
  };
  return {
    status: 200,
    body: {
      id: token.id,
      object: "token",
      card: { ...shown, exp_year: expiryYear },
      created: now,
      livemode: false,
      type: "card",
      used: false,
    },
    changes: { token },
  };
};

/** @returns the card, and the token marked as used */
export function cardOfToken(
  ledger: Ledger,
  id: string,
  param: string,
): { card: Card; token?: Token | undefined } {
  const token = ledger.tokens.get(id);
  const card = token ? cardByNumber(token.number) : cardByToken(id);
  if (!card) throw missing("token", id, param, 400);
  if (token?.used)
    throw invalidRequest(`You cannot use a Stripe token more than once: ${id}.`, {
      code: "token_already_used",
    });
  return { card, token: token && { ...token, used: true } };
}

export function checkAmount(amount: number): void {
  if (amount < 50)
    throw invalidRequest("Amount must be at least 50 cents", { code: "amount_too_small", param: "amount" });
  if (amount > 99_999_999)
    throw invalidRequest("Amount must be no more than 999,999.99", {
      code: "amount_too_large",
      param: "amount",
    });
}

export const currency = text.regex(/^[a-z]{3}$/i, "Invalid currency").toLowerCase();

const chargeParameters = z.strictObject({
  amount: integer,
  currency,
  source: text,
  metadata: z.record(z.string(), z.string()).default({}),
  description: z.string().nullable().default(null),
});

export const createCharge: Work = (ledger, given, now) => {
  const { amount, source, ...stated } = readParameters(chargeParameters, given);
  checkAmount(amount);
  const { card, token } = cardOfToken(ledger, source, "source");
  const decline = card.isChallenged ? authenticationRequired : card.decline;
  const charge: Charge = {
    id: newId("ch"),
    object: "charge",
    amount,
    ...stated,
    amount_captured: decline ? 0 : amount,
    amount_refunded: 0,
    captured: !decline,
    created: now,
    disputed: false,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    livemode: false,
    paid: !decline,
    payment_intent: null,
    payment_method_details: { type: "card", card: { brand: card.brand, last4: card.number.slice(-4) } },
    refunded: false,
    status: decline ? "failed" : "succeeded",
  };
  // A declined charge consumes its token, and is stored.
  const changes = { charge, token };
  if (!decline) return { status: 200, body: charge, changes };
  return { status: 402, body: { error: { type: "card_error", charge: charge.id, ...decline } }, changes };
};

const refundParameters = z.strictObject({
  charge: text.optional(),
  payment_intent: text.optional(),
  amount: integer.optional(),
  metadata: z.record(z.string(), z.string()).default({}),
});

function chargeToRefund(ledger: Ledger, given: z.output<typeof refundParameters>): Charge {
  const { charge: chargeId, payment_intent: intentId } = given;
  if ((chargeId === undefined) === (intentId === undefined))
    throw invalidRequest("One of charge and payment_intent is required", { param: "charge" });
  const id = chargeId ?? ledger.intents.get(intentId ?? "")?.latest_charge;
  const charge = ledger.charges.get(id ?? "");
  if (charge) return charge;
  if (chargeId !== undefined) throw missing("charge", chargeId, "charge", 404);
  throw missing("payment_intent", intentId ?? "", "payment_intent", 404);
}

export const createRefund: Work = (ledger, given, now) => {
  const parameters = readParameters(refundParameters, given);
  const charge = chargeToRefund(ledger, parameters);
  if (!charge.paid || !charge.captured)
    throw invalidRequest(`Charge ${charge.id} was not paid.`, { code: "charge_not_refundable" });
  if (charge.refunded)
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, {
      code: "charge_already_refunded",
    });
  const remaining = charge.amount - charge.amount_refunded;
  const amount = parameters.amount ?? remaining;
  if (amount < 1 || amount > remaining)
    throw invalidRequest("Refund amount is not between 1 and what is left of the charge", {
      param: "amount",
    });
  const refund: Refund = {
    id: newId("re"),
    object: "refund",
    amount,
    charge: charge.id,
    created: now,
    currency: charge.currency,
    metadata: parameters.metadata,
    payment_intent: charge.payment_intent ?? null,
    status: "succeeded",
  };
  const amount_refunded = charge.amount_refunded + amount;
  const refunded = amount_refunded === charge.amount;
  return { status: 200, body: refund, changes: { refund, charge: { ...charge, amount_refunded, refunded } } };
};

/** The cardholder disputes the charge at the bank. */
export const disputeOf = (charge: Charge, created: number) => {
  const { id, amount, currency } = charge;
  const dispute: Dispute = {
    id: newId("du"),
    object: "dispute",
    amount,
    charge: id,
    created,
    currency,
    reason: "fraudulent",
    status: "needs_response",
  };
  return { dispute, charge: { ...charge, disputed: true } };
};
