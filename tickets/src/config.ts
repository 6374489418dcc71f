import { settings, wholeNumber } from "@eventhive/common";

export const config = settings({
  /** How many days after its end the replica of an order that was cancelled or completed is pruned. */
  ORDER_REPLICA_DAYS: wholeNumber().default(30),
  /** How many tickets one seller may have on sale. */
  MAX_LISTINGS: wholeNumber().default(200),
  /** How many tickets one seller may put on sale within 24 hours, those that were withdrawn or sold since included. */
  MAX_LISTINGS_PER_DAY: wholeNumber().default(500),
  /** How many changes of tickets one seller may save within an hour: the broker keeps each for good. */
  MAX_EDITS_PER_HOUR: wholeNumber().default(100),
});
