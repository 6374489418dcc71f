import { listeners } from "@eventhive/common";
import { removeExpiration } from "../expirations";

export const [orderCancelled, orderCompleted] = listeners(["order:cancelled", "order:completed"], ({ id }) =>
  removeExpiration(id),
);
