import { settings, wholeNumber } from "@eventhive/common";

export const config = settings({
  /** How long a reservation lasts. No other service computes when it ends. */
  EXPIRATION_SECONDS: wholeNumber().default(60),
  /** How many live unpaid reservations one buyer may hold. */
  MAX_RESERVATIONS: wholeNumber().default(10),
  /** How many live unpaid reservations one network (an IPv4 address, or the first 64 bits of IPv6) may hold. */
  MAX_RESERVATIONS_PER_NETWORK: wholeNumber().default(200),
  /** The same, of one site: the owner of an IPv6 /48 has 65,536 networks. */
  MAX_RESERVATIONS_PER_SITE: wholeNumber().default(600),
  /** How many reservations of one buyer may end unpaid within an hour before the next ones have to wait. */
  MAX_UNPAID_PER_HOUR: wholeNumber().default(10),
  /** The same, of one network. */
  MAX_UNPAID_PER_NETWORK_PER_HOUR: wholeNumber().default(200),
  /** The same, of one site. */
  MAX_UNPAID_PER_SITE_PER_HOUR: wholeNumber().default(600),
  /** The maximum of these waits. The first is 30 s, and each one is twice as long as the previous one. */
  MAX_UNPAID_PAUSE_SECONDS: wholeNumber().default(600),
  /** How many days after it was stored the replica of a payment is pruned, if its order has ended. */
  PAYMENT_REPLICA_DAYS: wholeNumber().default(30),
});
