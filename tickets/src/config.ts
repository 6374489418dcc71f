import { settings, wholeNumber } from "@eventhive/common";

export const config = settings({
  /** How many days after its end the replica of an order that was cancelled or completed is pruned. */
  ORDER_REPLICA_DAYS: wholeNumber().default(30),
  /** Tickets of one seller on sale. */
  MAX_LISTINGS: wholeNumber().default(200),
  /** Listings of one seller within 24 hours, including withdrawn and sold tickets. */
  MAX_LISTINGS_PER_DAY: wholeNumber().default(500),
  /** Edits of one seller per hour. Limited, because the broker stores every event permanently. */
  MAX_EDITS_PER_HOUR: wholeNumber().default(100),
});
