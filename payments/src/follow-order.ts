import { forEachDocument, retryOnConflict } from "@eventhive/common";
import { Order } from "./models/order";
import { Payment } from "./models/payment";
import { refundSweep } from "./refund";

/**
 * Brings the charged payment of an order to where the order is: settled, or on its way back. Called by whoever wrote
 * the charge and by whoever wrote the order, after the write: so the later of the two sees what the other wrote.
 */
export async function followOrder(orderId: string): Promise<void> {
  await retryOnConflict(async () => {
    const payment = await Payment.findOne({ pays: orderId, state: "charged" });
    if (!payment) return;
    const order = await Order.findById(orderId).orFail();
    if (order.status === "complete" && payment.settle()) await payment.save();
    if (order.status === "cancelled" && payment.startRefund()) {
      await payment.save();
      refundSweep.kick();
    }
  });
}

/** Whatever was lost between a charge and its verdict, no payment stays charged once orders has decided. */
export async function followOrders(signal?: AbortSignal): Promise<void> {
  await forEachDocument(
    Payment.find({ state: "charged" }).cursor(),
    ({ orderId }) => followOrder(orderId),
    signal,
  );
}
