import "server-only";
import { type OrderState, stateOf } from "./order-state";
import { read } from "./server";
import type { Order, Payment } from "./types";

export interface OrderView {
  order: Order;
  state: OrderState;
  /** The one that counts: there is at most one that has not failed. */
  payment?: Payment;
  paymentsAreAway: boolean;
  /** How much of the reservation was left when orders answered. */
  secondsLeft: number;
}

/** One's own order with what became of its money. Undefined while orders is away. */
export async function findOrder(id: string, path: string): Promise<OrderView | undefined> {
  const [answer, payments] = await Promise.all([
    read<Order>(`/api/orders/${encodeURIComponent(id)}`, { path }),
    read<Payment[]>("/api/payments", { query: { orderId: id, limit: 100 }, path, isOptional: true }),
  ]);
  if (!answer) return undefined;
  const { body: order, serverTime } = answer;
  return {
    order,
    state: stateOf(order, payments?.body ?? [], serverTime),
    payment: payments?.body.find(({ state }) => state !== "failed"),
    paymentsAreAway: !payments,
    secondsLeft: Math.max(0, Math.ceil((Date.parse(order.expiresAt) - serverTime) / 1000)),
  };
}
