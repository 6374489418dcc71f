import { listener, retryOnConflict } from "@eventhive/common";
import { Order } from "../models/order";

export const paymentCreated = listener("payment:created", ({ orderId }) =>
  retryOnConflict(async () => {
    const order = await Order.findById(orderId).orFail();
    if (order.complete()) await order.save();
  }),
);
