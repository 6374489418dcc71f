import { clock, hours } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "./config";
import { Order, ended } from "./models/order";
import { Payment } from "./models/payment";

const maxPruned = 1000;

/** Where the next run of this process continues, or those that are kept would hide the others; at last, it starts over. */
let position = new Date(0);

/**
 * Removes replicas of payments that were stored long ago and whose order has ended: such an order never looks at its
 * payments again, so it does not matter if an older state of one arrives late. It is stored again, and pruned again.
 */
export async function prunePayments(): Promise<void> {
  const before = new Date(clock.now() - hours(24 * config.PAYMENT_REPLICA_DAYS));
  const old = { createdAt: trusted({ $gte: position, $lt: before }) };
  const payments = await Payment.find(old, { orderId: 1, createdAt: 1 })
    .sort({ createdAt: 1 })
    .limit(maxPruned);
  const lastOfMany = payments[maxPruned - 1];
  position = lastOfMany?.createdAt ?? new Date(0);
  if (payments.length === 0) return;
  const orderIds = payments.map(({ orderId }) => orderId);
  const over = await Order.find(
    { _id: trusted({ $in: orderIds }), status: trusted({ $in: ended }) },
    { _id: 1 },
  );
  await Payment.deleteMany({
    _id: trusted({ $in: payments.map(({ _id }) => _id) }),
    orderId: trusted({ $in: over.map(({ id }) => id) }),
  });
}
