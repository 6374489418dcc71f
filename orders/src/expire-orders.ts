import { clock, forEachDocument, seconds, retryOnConflict } from "@eventhive/common";
import { Order, overdueOrders } from "./models/order";

const maxWait = seconds(5);

/**
 * Cancels an order whose time is over. Who asks may be early, because his clock is not ours: a short rest is waited
 * out, a long one left to the sweep.
 */
export async function expireOrder(orderId: string): Promise<void> {
  const rest = (await Order.findById(orderId).orFail()).expiresAt.getTime() - clock.now();
  if (rest > maxWait) return;
  if (rest > 0) await clock.wait(rest);
  await retryOnConflict(async () => {
    const order = await Order.findById(orderId).orFail();
    if (order.expire()) await order.save();
  });
}

/** Even if timers are lost, no unpaid order outlives its time by more than this sweep's period. */
export async function expireOverdueOrders(signal?: AbortSignal): Promise<void> {
  const expire = async (order: Order) => {
    if (order.expire()) await order.save();
  };
  await forEachDocument(Order.find(overdueOrders()).cursor(), expire, signal);
}
