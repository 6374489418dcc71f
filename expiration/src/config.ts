import { settings, url, wholeNumber } from "@eventhive/common";

export const config = settings({
  REDIS_URL: url(),
  /** How many timers may wait in memory for Redis to take them or give them up; the others come again from the broker. */
  MAX_PENDING_TIMERS: wholeNumber().default(256),
});
