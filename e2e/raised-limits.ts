/** Limits raised for tests, in which a few users send the requests of thousands, from one address. */
export const raisedLimits = {
  MAX_EDITS_PER_HOUR: "100000",
  MAX_LISTINGS: "100000",
  MAX_LISTINGS_PER_DAY: "1000000",
  MAX_RESERVATIONS: "100000",
  MAX_RESERVATIONS_PER_NETWORK: "100000",
  MAX_UNPAID_PER_HOUR: "100000",
  MAX_UNPAID_PER_NETWORK_PER_HOUR: "100000",
  SIGNUPS_PER_HOUR: "1000000",
  SIGNUPS_PER_SITE_PER_HOUR: "1000000",
};
