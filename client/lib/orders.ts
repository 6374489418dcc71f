import "server-only";
import { type OrderState, type UnpaidAttempts, livePaymentOf, stateOf, unpaidAttempts } from "./order-state";
import { read } from "./server";
import type { Order, Payment } from "./types";

export interface OrderView {
  order: Order;
  state: OrderState;
  /** The one that has not failed. */
  payment?: Payment;
  /** All payments that held or charged money, oldest first. */
  attempts: Payment[];
  unpaidAttempts: UnpaidAttempts;
  arePaymentsUnavailable: boolean;
  /** The time left when orders responded. */
  secondsLeft: number;
}

/** The visitor's order with its payment. Undefined while orders is unavailable. */
export async function findOrder(id: string, path: string): Promise<OrderView | undefined> {
  const [response, payments] = await Promise.all([
    read<Order>(`/api/orders/${encodeURIComponent(id)}`, { path }),
    read<Payment[]>("/api/payments", { query: { orderId: id, limit: 100 }, path, isOptional: true }),
  ]);
  if (!response) return undefined;
  const { body: order, serverTime } = response;
  const known = payments?.body ?? [];
  return {
    order,
    state: stateOf(order, known, serverTime),
    payment: livePaymentOf(known),
    attempts: known.filter(({ authorizedAt, chargedAt }) => authorizedAt ?? chargedAt).toReversed(),
    unpaidAttempts: unpaidAttempts(known),
    arePaymentsUnavailable: !payments,
    secondsLeft: Math.max(0, Math.ceil((Date.parse(order.expiresAt) - serverTime) / 1000)),
  };
}
