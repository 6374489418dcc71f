import { trusted } from "mongoose";
import { Order } from "./models/order";
import { Payment, prunedBefore } from "./models/payment";

const maxPruned = 1000;

/** Removes replicas of payments that began long ago and whose order has ended: such an order looks at none. */
export async function prunePayments(): Promise<void> {
  const payments = await Payment.find({ _id: trusted({ $lt: prunedBefore() }) }, { orderId: 1 })
    .sort({ _id: 1 })
    .limit(maxPruned);
  if (payments.length === 0) return;
  const orderIds = payments.map(({ orderId }) => orderId);
  const live = await Order.find(
    { _id: trusted({ $in: orderIds }), status: trusted({ $nin: ["complete", "cancelled"] }) },
    { _id: 1 },
  );
  await Payment.deleteMany({
    _id: trusted({ $in: payments.map(({ _id }) => _id) }),
    orderId: trusted({ $nin: live.map(({ id }) => id) }),
  });
}
