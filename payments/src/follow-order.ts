import { type AnyPaymentState, forEachDocument, logger, retryOnConflict } from "@eventhive/common";
import { trusted } from "mongoose";
import { finishSweep } from "./finish-intents";
import { followDemand } from "./intents";
import { foundDifferences } from "./metrics";
import { Order } from "./models/order";
import { Payment } from "./models/payment";
import { announce } from "./payment-updates";
import { refundSweep } from "./refund";

const followed = {
  state: trusted({
    $in: ["authorizing", "challenged", "authorized", "charged"] satisfies AnyPaymentState[],
  }),
};

interface Known {
  /** The payment as it has just been saved. */
  payment?: Payment;
  /** An order that has ended. */
  order?: Order | undefined;
}

/**
 * Captures, voids, settles or refunds the payment of an order, as the order's state demands. Called after each save of the
 * payment and of the order, so the later of the two sees the other one.
 * @param known what need not be read
 * @returns the payment afterwards; null if the order has none
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
      // No order is cancelled once its money has been captured.
      const isCaptured = payment.intentId !== undefined;
      if (isCaptured) logger.error({ paymentId: payment.id }, "refunding a captured payment");
      await payment.save();
      if (isCaptured) foundDifferences.inc({ difference: "captured" });
      announce(payment);
      refundSweep.kick();
    }
    return payment;
  });
}

/** Even if events had no effect, no payment is stuck once orders has decided. */
export async function followOrders(signal?: AbortSignal): Promise<void> {
  await forEachDocument(
    Payment.find(followed).cursor(),
    async ({ orderId }) => void (await followOrder(orderId)),
    signal,
  );
}
