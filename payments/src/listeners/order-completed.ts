import { listener } from "@eventhive/common";
import { followOrder } from "../follow-order";
import { applyOrder } from "../models/order";

export const orderCompleted = listener("order:completed", async (order) => {
  await applyOrder(order);
  await followOrder(order.id);
});
