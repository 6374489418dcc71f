import { listeners } from "@eventhive/common";
import { followOrder } from "../follow-order";

export const [orderCreated, orderCancelled, orderCompleted] = listeners(
  ["order:created", "order:cancelled", "order:completed"],
  followOrder,
);
