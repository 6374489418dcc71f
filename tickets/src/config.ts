import { settings, wholeNumber } from "@eventhive/common";

export const config = settings({
  /** How many days after its end the replica of an order that was cancelled or completed is pruned. */
  ORDER_REPLICA_DAYS: wholeNumber().default(30),
  /** Tickets of one seller on sale. */
  MAX_LISTINGS: wholeNumber().default(200),
  /** Listings of one seller within 24 hours, including withdrawn and sold tickets. */
  MAX_LISTINGS_PER_DAY: wholeNumber().default(500),
  /** Listings from one IPv4 address or IPv6 /64 per day: a ticket with its search terms takes up to 15 kB. */
  MAX_LISTINGS_PER_NETWORK_PER_DAY: wholeNumber().default(2000),
  /** The same from one IPv6 /48. */
  MAX_LISTINGS_PER_SITE_PER_DAY: wholeNumber().default(6000),
  /** Edits of one seller per hour. Limited, because the broker stores every event permanently. */
  MAX_EDITS_PER_HOUR: wholeNumber().default(100),
  /** The same from one IPv4 address or IPv6 /64. */
  MAX_EDITS_PER_NETWORK_PER_HOUR: wholeNumber().default(1000),
  /** The same from one IPv6 /48. */
  MAX_EDITS_PER_SITE_PER_HOUR: wholeNumber().default(3000),
});
