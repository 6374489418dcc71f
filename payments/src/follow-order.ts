import { type AnyPaymentState, forEachDocument, logger, retryOnConflict } from "@eventhive/common";
import { trusted } from "mongoose";
import { finishSweep } from "./finish-intents";
import { followDemand } from "./intents";
import { Order } from "./models/order";
import { Payment } from "./models/payment";
import { announce } from "./payment-news";
import { refundSweep } from "./refund";

const followed = {
  state: trusted({
    $in: ["authorizing", "challenged", "authorized", "charged"] satisfies AnyPaymentState[],
  }),
};

interface Known {
  /** As it has just been saved. */
  payment?: Payment;
  /** An order that has ended. */
  order?: Order | undefined;
}

/**
 * Captures, voids, settles or refunds the payment of an order, as the order's state demands. Called after the payment
 * was written and after the order was written, so the later of the two sees what the other wrote.
 * @param known what need not be read
 * @returns the payment as it is then; null if there is none to follow the order
 */
export async function followOrder(orderId: string, known: Known = {}): Promise<Payment | null> {
  let inHand = known.payment;
  return retryOnConflict(async () => {
    const payment = inHand ?? (await Payment.findOne({ pays: orderId, ...followed }));
    inHand = undefined;
    if (!payment) return null;
    const order = known.order ?? (await Order.findById(orderId).orFail());
    if (followDemand(payment, order)) {
      await payment.save();
      if (!announce(payment)) finishSweep.kick();
    }
    if (order.status === "complete" && payment.settle()) {
      await payment.save();
      announce(payment);
    }
    if (order.status === "cancelled" && payment.startRefund()) {
      // No order is cancelled while its money is captured.
      if (payment.intentId) logger.error({ paymentId: payment.id }, "refunding a captured payment");
      await payment.save();
      announce(payment);
      refundSweep.kick();
    }
    return payment;
  });
}

/** Whatever was lost on the way, no payment stays where it is once orders has decided. */
export async function followOrders(signal?: AbortSignal): Promise<void> {
  await forEachDocument(
    Payment.find(followed).cursor(),
    async ({ orderId }) => void (await followOrder(orderId)),
    signal,
  );
}
