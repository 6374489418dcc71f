import type { Mutant } from "../mutant";

const expirations = "expiration/src/expirations.ts";
const expiring = "expiration/src/expirations.test.ts";

export const timers: Mutant[] = [
  {
    guard: "one timer per order",
    file: expirations,
    change: { "jobId: expiration.orderId,": "" },
    red: { [expiring]: ["publishes it once, even if the order is delivered twice"] },
  },
  {
    guard: "a timer retries until the broker has stored its event",
    file: expirations,
    change: { "attempts: Number.MAX_SAFE_INTEGER,": "" },
    red: { [expiring]: ["retries until the broker has stored the event"] },
  },
  {
    guard: "a completed timer does not block another one of its order",
    file: expirations,
    change: { "removeOnComplete: true,": "" },
    red: { [expiring]: ["leaves nothing that would prevent another timer of the order"] },
  },
  {
    guard: "timers: one stored stack trace each",
    file: expirations,
    change: { "stackTraceLimit: 1,": "" },
    red: {
      [expiring]: ["stores one stack trace per timer, however often the broker was unavailable"],
    },
  },
  {
    guard: "timers: limit of pending additions while Redis is unavailable",
    file: expirations,
    change: { "if (pending >= config.MAX_PENDING_TIMERS)": "if (pending < 0)" },
    red: {
      "expiration/src/redis.test.ts": [
        "limits pending timers while Redis is unavailable, and rejects others as transient",
      ],
    },
  },
  {
    guard: "timers: a silent connection to Redis is replaced",
    file: "expiration/src/redis.ts",
    change: { "socketTimeout: seconds(15),": "" },
    red: {
      "expiration/src/redis.test.ts": [
        "schedules timers again after Redis has disappeared without closing its connections",
      ],
    },
  },
  {
    guard: "timers: removed when the order ends",
    file: expirations,
    change: { "await job.remove();": "" },
    red: {
      [expiring]: ["removes the timer of a cancelled order", "removes the timer of a completed order"],
    },
  },
  {
    guard: "expiration: connects again after Redis was frozen",
    file: "expiration/src/redis.ts",
    change: { "disableClientInfo: true,": "" },
    red: { "expiration/src/redis.test.ts": ["connects again after Redis was frozen while it connected"] },
  },
];
