import { type AnyPaymentState, forEachDocument, logger, retryOnConflict } from "@eventhive/common";
import { trusted } from "mongoose";
import { finishSweep } from "./finish-intents";
import { followDemand } from "./intents";
import { Order } from "./models/order";
import { Payment } from "./models/payment";
import { wakeUp } from "./order-news";
import { refundSweep } from "./refund";

const followed = {
  state: trusted({
    $in: ["authorizing", "challenged", "authorized", "charged"] satisfies AnyPaymentState[],
  }),
};

/**
 * Captures, voids, settles or refunds the payment of an order, as the order's state demands. Called after the payment
 * was written and after the order was written, so the later of the two sees what the other wrote.
 */
export async function followOrder(orderId: string): Promise<void> {
  await retryOnConflict(async () => {
    const payment = await Payment.findOne({ pays: orderId, ...followed });
    if (!payment) return;
    const order = await Order.findById(orderId).orFail();
    if (followDemand(payment, order)) {
      await payment.save();
      if (!wakeUp(orderId)) finishSweep.kick();
    }
    if (order.status === "complete" && payment.settle()) await payment.save();
    if (order.status === "cancelled" && payment.startRefund()) {
      // No order is cancelled while its money is captured.
      if (payment.intentId) logger.error({ paymentId: payment.id }, "refunding a captured payment");
      await payment.save();
      refundSweep.kick();
    }
  });
}

/** Whatever was lost on the way, no payment stays where it is once orders has decided. */
export async function followOrders(signal?: AbortSignal): Promise<void> {
  await forEachDocument(Payment.find(followed).cursor(), ({ orderId }) => followOrder(orderId), signal);
}
