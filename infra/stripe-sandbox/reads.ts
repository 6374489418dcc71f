import type { Request } from "express";
import { z } from "zod";
import type { Charge, Ledger } from "./ledger";
import { integer, readParameters, text } from "./parameters";
import { intentById } from "./intents";
import { missing } from "./stripe-error";

/** Returns the body of the response to a GET. */
export type Read = (ledger: Ledger, req: Request<{ id: string }>) => unknown;

const pageParameters = {
  limit: integer.refine((limit) => limit >= 1 && limit <= 100, "Invalid limit").default(10),
  starting_after: text.optional(),
};

const listFilter = z.strictObject({ ...pageParameters, "created[gte]": integer.optional() });
const refundFilter = listFilter.extend({ charge: text.optional(), payment_intent: text.optional() });

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

/** A list without other filters than the time. */
const listOf =
  (url: string, itemsIn: (ledger: Ledger) => Map<string, { id: string; created: number }>): Read =>
  (ledger, { query }) => {
    const { "created[gte]": since = 0, ...asked } = readParameters(listFilter, query);
    const items = [...itemsIn(ledger).values()].filter(({ created }) => created >= since);
    return page(url, items, asked);
  };

export const listCharges = listOf("/v1/charges", ({ charges }) => charges);
export const listIntents = listOf("/v1/payment_intents", ({ intents }) => intents);
export const listDisputes = listOf("/v1/disputes", ({ disputes }) => disputes);

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

export const findIntent: Read = (ledger, { params: { id } }) => intentById(ledger, id);

export const findCharge: Read = (ledger, { params: { id } }) => chargeById(ledger, id);

export function chargeById(ledger: Ledger, id: string): Charge {
  const charge = ledger.charges.get(id);
  if (!charge) throw missing("charge", id, "id", 404);
  return charge;
}
