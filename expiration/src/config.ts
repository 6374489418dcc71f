import { settings, url, wholeNumber } from "@eventhive/common";

export const config = settings({
  REDIS_URL: url(),
  /** Timers that may wait in memory for Redis. Further events are redelivered by the broker. */
  MAX_PENDING_TIMERS: wholeNumber().default(256),
});
