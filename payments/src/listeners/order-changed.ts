import { listeners } from "@eventhive/common";
import { followOrder } from "../follow-order";
import { applyOrder } from "../models/order";

export const [orderUpdated, orderCancelled, orderCompleted] = listeners(
  ["order:updated", "order:cancelled", "order:completed"],
  async (order) => {
    await applyOrder(order);
    await followOrder(order.id);
  },
);
