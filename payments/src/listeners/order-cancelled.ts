import { listener } from "@eventhive/common";
import { followOrder } from "../follow-order";
import { applyOrder } from "../models/order";

export const orderCancelled = listener("order:cancelled", async (order) => {
  await applyOrder(order);
  await followOrder(order.id);
});
