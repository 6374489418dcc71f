import { forEachDocument } from "@eventhive/common";
import { trusted } from "mongoose";
import { Order } from "./models/order";

/** Cancels the orders of banned users that are not being paid. One that a payment releases later is found by the next call. */
export async function cancelOrdersOf(userIds: string[], signal?: AbortSignal): Promise<void> {
  const orders = Order.find({ userId: trusted({ $in: userIds }), status: "created" }).cursor();
  await forEachDocument(
    orders,
    async (order) => {
      if (order.cancelForBan()) await order.save();
    },
    signal,
  );
}
