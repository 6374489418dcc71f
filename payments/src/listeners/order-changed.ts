import { listeners } from "@eventhive/common";
import { followOrder } from "../follow-order";
import { applyOrder, endedOrder } from "../models/order";

export const [orderUpdated, orderCancelled, orderCompleted] = listeners(
  ["order:updated", "order:cancelled", "order:completed"],
  async (order) => {
    await applyOrder(order);
    await followOrder(order.id, { order: endedOrder(order) });
  },
);
