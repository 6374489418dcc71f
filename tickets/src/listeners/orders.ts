import { listener, listeners } from "@eventhive/common";
import { followOrder } from "../follow-order";
import { applyOrder } from "../models/order";

export const [orderCreated, orderCancelled, orderCompleted] = listeners(
  ["order:created", "order:cancelled", "order:completed"],
  followOrder,
);

/** A live order stays live, so the reservation stays as it is. */
export const orderUpdated = listener("order:updated", applyOrder);
