import { clock, forEachDocument, isTransient, joined, retryOnConflict, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { Order, overdueOrders } from "./models/order";

const maxWait = seconds(5);

/**
 * Cancels an order whose time is over. The caller may be early, because its clock is not ours: a short rest is waited
 * out, a long one left to the sweep.
 */
export async function expireOrder(orderId: string): Promise<void> {
  const restMs = await expireIfDue(orderId);
  if (restMs <= 0 || restMs > maxWait) return;
  await clock.wait(restMs);
  await expireIfDue(orderId);
}

const expireIfDue = (orderId: string): Promise<number> =>
  retryOnConflict(async () => {
    const { restMs, error } = await expireTogether(orderId);
    if (restMs === undefined) throw error;
    return restMs;
  });

interface Expiry {
  /** What was left of the order's time; undefined after an error. */
  restMs?: number;
  error?: unknown;
}

/**
 * Orders that lapse together are read together and cancelled one after the other, so that a burst leaves the database
 * and the services that follow enough time for everything else. A transient error fails all: each would wait for it.
 */
const expireTogether = joined(async (orderIds: string[]): Promise<Expiry[]> => {
  const outcomes = new Map<string, Expiry>();
  for (const order of await Order.find({ _id: trusted({ $in: orderIds }) })) {
    const restMs = order.expiresAt.getTime() - clock.now();
    try {
      await expire(order);
      outcomes.set(order.id, { restMs });
    } catch (error) {
      if (isTransient(error)) throw error;
      outcomes.set(order.id, { error });
    }
  }
  return orderIds.map((id) => outcomes.get(id) ?? { error: new Error(`There is no order ${id}`) });
});

async function expire(order: Order): Promise<void> {
  if (order.expire()) await order.save();
}

/** Even if timers are lost, no unpaid order outlives its time by more than this sweep's period. */
export async function expireOverdueOrders(signal?: AbortSignal): Promise<void> {
  await forEachDocument(Order.find(overdueOrders()).cursor(), expire, signal);
}
