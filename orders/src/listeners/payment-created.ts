import { listener, untilCurrent } from "@eventhive/common";
import { Order } from "../models/order";

export const paymentCreated = listener("payment:created", ({ orderId }) =>
  untilCurrent(async () => {
    const order = await Order.findById(orderId).orFail();
    if (order.complete()) await order.save();
  }),
);
