import { clock, forEachDocument, seconds, retryOnConflict } from "@eventhive/common";
import { Order, overdueOrders } from "./models/order";

const maxWait = seconds(5);

/**
 * Cancels an order whose time is over. The caller may be early, because its clock is not ours: a short rest is waited
 * out, a long one left to the sweep.
 */
export const expireOrder = (orderId: string): Promise<void> =>
  retryOnConflict(async () => {
    const order = await Order.findById(orderId).orFail();
    const rest = order.expiresAt.getTime() - clock.now();
    if (rest > maxWait) return;
    if (rest > 0) await clock.wait(rest);
    if (order.expire()) await order.save();
  });

/** Even if timers are lost, no unpaid order outlives its time by more than this sweep's period. */
export async function expireOverdueOrders(signal?: AbortSignal): Promise<void> {
  const expire = async (order: Order) => {
    if (order.expire()) await order.save();
  };
  await forEachDocument(Order.find(overdueOrders()).cursor(), expire, signal);
}
