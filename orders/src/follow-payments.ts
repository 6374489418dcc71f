import { forEachDocument, retryOnConflict } from "@eventhive/common";
import { Order } from "./models/order";
import { Payment } from "./models/payment";

const maxChanges = 10; // the sweep continues

/**
 * Brings an order into the state that its payments demand. Repeats after each save, until nothing changes: an event that
 * was handled between our read and our save found the earlier order.
 */
export async function followPayments(orderId: string): Promise<void> {
  await retryOnConflict(async () => {
    const order = await Order.findById(orderId).orFail();
    for (let changes = 0; changes < maxChanges && order.isLive(); changes++) {
      if (!order.follow(await Payment.find({ orderId }))) return;
      await order.save();
    }
  });
}

/** Even if events had no effect, no authorized payment waits for its grant, and no granted order for its payment's end. */
export async function followAllPayments(signal?: AbortSignal): Promise<void> {
  const follow = (orderId: string) => followPayments(orderId);
  const granted = Order.find({ status: "awaiting:payment" }, { _id: 1 }).cursor();
  await forEachDocument(granted, ({ id }) => follow(id), signal);
  const authorized = Payment.find({ state: "authorized" }).cursor();
  await forEachDocument(authorized, ({ orderId }) => follow(orderId), signal);
}
