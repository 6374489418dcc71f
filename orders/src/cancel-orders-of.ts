import { type EndReason, forEachDocument } from "@eventhive/common";
import { trusted } from "mongoose";
import { Order } from "./models/order";

/**
 * Cancels the orders of users who were banned or have deleted their accounts, except those that are being paid. One that a
 * payment releases later is found by the next call.
 */
export async function cancelOrdersOf(
  userIds: string[],
  reason: EndReason,
  { createdBefore, signal }: { createdBefore?: Date; signal?: AbortSignal },
): Promise<void> {
  const isMeant = createdBefore && { createdAt: trusted({ $lt: createdBefore }) };
  const orders = Order.find({ userId: trusted({ $in: userIds }), status: "created", ...isMeant }).cursor();
  await forEachDocument(
    orders,
    async (order) => {
      if (reason === "ban" ? order.cancelForBan() : order.cancel("buyer")) await order.save();
    },
    signal,
  );
}
