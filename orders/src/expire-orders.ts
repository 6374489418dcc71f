import { clock, forEachDocument, isTransient, joined, retryOnConflict, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { Order, overdueOrders } from "./models/order";

const maxWait = seconds(5);

/**
 * Cancels an overdue order. The caller may be early, because its clock is not ours: waits for a short remaining time, and
 * leaves a long one to the sweep.
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
  /** The order's remaining time; undefined after an error. */
  restMs?: number;
  error?: unknown;
}

/**
 * Orders that expire together are read together and cancelled one after another, so that a burst leaves the database and
 * the other services capacity for everything else. A transient error fails all: each would wait for the same timeout.
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

/** Even if timers are lost, no unpaid order outlives its `expiresAt` by more than this sweep's interval. */
export async function expireOverdueOrders(signal?: AbortSignal): Promise<void> {
  await forEachDocument(Order.find(overdueOrders()).cursor(), expire, signal);
}
