import type { Order, Payment } from "./types";

/** What an order is to its buyer. */
export type OrderState =
  | "awaiting-payment"
  | "confirming" // the card is asked or charged; orders has not said yet whose it is
  | "paid"
  | "ending" // the time is up; orders has not said so yet
  | "expired"
  | "cancelled"
  | "uncertain" // the order is over, and it is not known yet whether the card was charged
  | "refunding"
  | "refunded";

/**
 * @param payments of this order; none when payments is away
 * @param serverTime by the clock that `expiresAt` was made with, in milliseconds
 */
export function stateOf(order: Order, payments: Payment[], serverTime: number): OrderState {
  if (order.status === "complete") return "paid";
  const live = livePaymentOf(payments);
  if (order.status === "cancelled") {
    if (live?.state === "charging") return "uncertain";
    if (live) return live.state === "refunded" ? "refunded" : "refunding";
    return order.cancelReason === "expired" ? "expired" : "cancelled";
  }
  if (live) return "confirming";
  return Date.parse(order.expiresAt) <= serverTime ? "ending" : "awaiting-payment";
}

/** The one that counts: of the payments of an order, there is at most one that has not failed. */
export const livePaymentOf = (payments: Payment[]): Payment | undefined =>
  payments.find(({ state }) => state !== "failed");
