import type { State } from "./state";

/** Situations that the model has to reach: a model in which nothing happens satisfies every invariant. */
export const outcomes: Record<string, (state: State) => boolean> = {
  "a sale": ({ orders }) => orders.some(({ status }) => status === "complete"),
  "a sale after a create with a stored 5xx": ({ payments }) =>
    payments.some(({ state, key }) => state === "settled" && key > 0),
  "a sale after 3-D Secure": ({ payments, intents }) =>
    payments.some(
      ({ state, intent }, index) => state === "settled" && intents[index]?.[intent ?? 0]?.isShared === true,
    ),
  "a sale to the second tab after the first was granted and failed": ({ orders, payments }) =>
    orders.some(({ status, payment }) => status === "complete" && payment === 1) &&
    payments[0]?.announced === true,
  "a granted order that is released and granted again": ({ orders, payments }) =>
    payments.length > 1 &&
    orders.some(({ status, version }) => status === "awaiting:payment" && version >= 3),
  "a capture while it is processing": ({ intents }) =>
    intents.flat().some(({ status }) => status === "processing"),
  "a void of an authorization that came too late": ({ orders, payments }) =>
    orders.some(({ status }) => status === "cancelled") &&
    payments.some(({ state, announced }) => state === "failed" && announced),
  "two intents of one payment, one of them never confirmed": ({ intents }) =>
    intents.some((own) => own.filter(({ status }) => status !== "none").length > 1),
  "a refund of a late charge in the charges flow": ({ payments }) =>
    payments.some(({ state }) => state === "refunded"),
};
