import { settings, wholeNumber } from "@eventhive/common";

export const config = settings({
  /** How many days after its end the replica of an order that was cancelled or completed is pruned. */
  ORDER_REPLICA_DAYS: wholeNumber().default(30),
});
