import type { Request } from "express";
import { z } from "zod";
import type { Ledger } from "./ledger";
import { integer, readParameters, text } from "./parameters";
import { intentById } from "./intents";
import { missing } from "./stripe-error";

/** Returns the body of the response to a GET. */
export type Read = (ledger: Ledger, req: Request<{ id: string }>) => unknown;

const pageParameters = {
  limit: integer.refine((limit) => limit >= 1 && limit <= 100, "Invalid limit").default(10),
  starting_after: text.optional(),
};

const chargeFilter = z.strictObject({ ...pageParameters, "created[gte]": integer.optional() });
const refundFilter = z.strictObject({
  ...pageParameters,
  charge: text.optional(),
  payment_intent: text.optional(),
  "created[gte]": integer.optional(),
});

interface Page {
  limit: number;
  starting_after?: string | undefined;
}

function page(url: string, oldestFirst: { id: string }[], { limit, starting_after }: Page) {
  const items = oldestFirst.toReversed();
  const before = items.findIndex((item) => item.id === starting_after);
  if (starting_after && before === -1) throw missing("object", starting_after, "starting_after", 400);
  const rest = items.slice(before + 1);
  return { object: "list", url, data: rest.slice(0, limit), has_more: rest.length > limit };
}

export const listCharges: Read = (ledger, { query }) => {
  const { "created[gte]": since = 0, ...asked } = readParameters(chargeFilter, query);
  const charges = [...ledger.charges.values()].filter(({ created }) => created >= since);
  return page("/v1/charges", charges, asked);
};

export const listRefunds: Read = (ledger, { query }) => {
  const {
    charge,
    payment_intent: intent,
    "created[gte]": since = 0,
    ...asked
  } = readParameters(refundFilter, query);
  const refunds = [...ledger.refunds.values()].filter(
    (refund) =>
      (!charge || refund.charge === charge) &&
      (!intent || refund.payment_intent === intent) &&
      refund.created >= since,
  );
  return page("/v1/refunds", refunds, asked);
};

const intentFilter = z.strictObject({ ...pageParameters, "created[gte]": integer.optional() });

export const listIntents: Read = (ledger, { query }) => {
  const { "created[gte]": since = 0, ...asked } = readParameters(intentFilter, query);
  const intents = [...ledger.intents.values()].filter(({ created }) => created >= since);
  return page("/v1/payment_intents", intents, asked);
};

export const findIntent: Read = (ledger, { params: { id } }) => intentById(ledger, id);

export const findCharge: Read = (ledger, { params: { id } }) => {
  const charge = ledger.charges.get(id);
  if (!charge) throw missing("charge", id, "id", 404);
  return charge;
};
