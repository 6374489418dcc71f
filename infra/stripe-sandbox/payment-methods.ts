import type Stripe from "stripe";
import { z } from "zod";
import { type Card, cardByNumber } from "./cards";
import type { Ledger, Method } from "./ledger";
import { integer, readParameters, text } from "./parameters";
import type { Read } from "./reads";
import { invalidRequest, missing } from "./stripe-error";
import { type Work, cardOfToken, newId } from "./writes";

const confirmationTokenSeconds = 12 * 60 * 60;

const methodParameters = z.strictObject({
  type: z.literal("card"),
  card: z.union([
    z.strictObject({ token: text }),
    z.strictObject({ number: text, exp_month: integer, exp_year: integer, cvc: text.optional() }),
  ]),
});

type PaymentMethod = Pick<Stripe.PaymentMethod, "id" | "object" | "created" | "livemode" | "type"> & {
  card: Pick<Stripe.PaymentMethod.Card, "brand" | "last4">;
};

/** Consumes a token of react-stripe-checkout. */
export const createPaymentMethod: Work = (ledger, given, now) => {
  const { card: details } = readParameters(methodParameters, given);
  const { card, token } =
    "token" in details
      ? cardOfToken(ledger, details.token, "card[token]")
      : { card: knownCard(details.number, "card[number]") };
  const method: Method = { id: newId("pm"), number: card.number };
  const body: PaymentMethod = {
    id: method.id,
    object: "payment_method",
    card: { brand: card.brand.toLowerCase(), last4: card.number.slice(-4) },
    created: now,
    livemode: false,
    type: "card",
  };
  return { status: 200, body, changes: { method, token } };
};

type ConfirmationToken = Pick<
  Stripe.ConfirmationToken,
  "id" | "object" | "created" | "expires_at" | "livemode" | "payment_intent"
>;

/** At Stripe, the Payment Element creates them in the browser. Tests use the endpoint for test helpers. */
export const createConfirmationToken: Work = (_ledger, given, now) => {
  const { payment_method_data: data } = readParameters(
    z.strictObject({ payment_method_data: methodParameters }),
    given,
  );
  if ("token" in data.card)
    throw invalidRequest("A card number is required", { param: "payment_method_data[card][number]" });
  const { number } = knownCard(data.card.number, "payment_method_data[card][number]");
  const method: Method = { id: newId("ctoken"), number, expiresAt: now + confirmationTokenSeconds };
  return { status: 200, body: confirmationToken(method), changes: { method } };
};

export const findConfirmationToken: Read = (ledger, { params: { id } }) => {
  const method = ledger.methods.get(id);
  if (method?.expiresAt === undefined) throw missing("confirmation_token", id, "id", 404);
  return confirmationToken(method);
};

const confirmationToken = ({ id, expiresAt = 0, usedBy }: Method) =>
  ({
    id,
    object: "confirmation_token",
    created: expiresAt - confirmationTokenSeconds,
    expires_at: expiresAt,
    livemode: false,
    payment_intent: usedBy ?? null,
  }) satisfies ConfirmationToken;

/** @throws StripeError if it does not exist, or is a confirmation token that has been used or has expired */
export function usableMethod(ledger: Ledger, id: string, now: number): Method {
  const method = ledger.methods.get(id);
  const isToken = id.startsWith("ctoken_");
  const param = isToken ? "confirmation_token" : "payment_method";
  if (!method) throw missing(param, id, param, 400);
  if (isToken && (method.usedBy || (method.expiresAt ?? 0) <= now))
    throw invalidRequest(`The confirmation token ${id} was used or has expired.`, { param });
  return method;
}

function knownCard(number: string, param: string): Card {
  const card = cardByNumber(number);
  if (!card) throw invalidRequest("Your card number is incorrect.", { code: "incorrect_number", param }, 402);
  return card;
}
