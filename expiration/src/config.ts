import { settings, url, wholeNumber } from "@eventhive/common";

export const config = settings({
  REDIS_URL: url(),
  /** Timers that may wait in memory for Redis. The broker redelivers further events. */
  MAX_PENDING_TIMERS: wholeNumber().default(256),
});
