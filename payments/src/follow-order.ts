import { forEachDocument, retryOnConflict } from "@eventhive/common";
import { Order } from "./models/order";
import { Payment } from "./models/payment";
import { refundSweep } from "./refund";

/**
 * Settles or refunds the charged payment of an order, as the order's state demands. Called after the charge was
 * written and after the order was written, so the later of the two sees what the other wrote.
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
