import type { Order, Payment } from "./types";

/** An order's state as its buyer sees it. */
export type OrderState =
  | "awaiting-payment"
  | "confirming" // the card is being checked or charged, or orders has not completed the order yet
  | "paid"
  | "ending" // the time is up, but orders has not cancelled it yet
  | "expired"
  | "cancelled"
  | "uncertain" // the order has ended, and it is not known yet whether the card was charged
  | "refunding"
  | "refunded";

/**
 * @param payments of this order; empty while payments is unavailable
 * @param serverTime in milliseconds, on the clock of orders, which also set `expiresAt`
 */
export function stateOf(order: Order, payments: Payment[], serverTime: number): OrderState {
  if (order.status === "complete") return "paid";
  if (order.status === "awaiting:payment") return "confirming";
  const live = livePaymentOf(payments);
  if (order.status === "cancelled") {
    if (live?.state === "charging") return "uncertain";
    if (live && !isUncharged(live)) return live.state === "refunded" ? "refunded" : "refunding";
    return order.cancelReason === "expired" ? "expired" : "cancelled";
  }
  if (live && !isReplaceable(live)) return "confirming";
  return Date.parse(order.expiresAt) <= serverTime ? "ending" : "awaiting-payment";
}

/** The outcome of the attempts to pay for an order that ended unpaid. */
export type UnpaidAttempts = "none" | "releasing" | "not-charged" | "unconfirmed";

/** @param payments none was charged; a failed one may still be, unless it says otherwise */
export function unpaidAttempts(payments: Payment[]): UnpaidAttempts {
  if (payments.length === 0) return "none";
  if (payments.some(isUncharged)) return "releasing";
  return payments.every(({ mayBeCharged }) => mayBeCharged === false) ? "not-charged" : "unconfirmed";
}

/** The payment that has not failed; an order has at most one. */
export const livePaymentOf = (payments: Payment[]): Payment | undefined =>
  payments.find(({ state }) => state !== "failed");

const unchargedStates = [
  "authorizing",
  "challenged",
  "authorized",
  "capturing",
  "voiding",
] satisfies Payment["state"][];

/** A PaymentIntent payment never charges for an order that has ended, and releases its hold. */
const isUncharged = ({ state }: Payment): boolean => unchargedStates.some((each) => each === state);

/** Whether another card can replace it. Older versions of payments do not return `mayBeReplaced`. */
export const isReplaceable = ({ state, mayBeReplaced }: Payment): boolean =>
  mayBeReplaced ?? (state === "challenged" || state === "voiding");
