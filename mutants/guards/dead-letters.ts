import type { Mutant } from "../mutant";

const listener = "common/src/messaging/listener.ts";
const letters = "common/src/messaging/dead-letters.ts";
const listening = "common/src/messaging/listener.test.ts";
const keeping = "common/src/messaging/dead-letters.test.ts";

export const deadLetters: Mutant[] = [
  {
    guard: "dead letter before ack: unparsable messages",
    file: listener,
    change: { "await keep(message, error, 1);": "await keep(message, error, 1).catch(() => {});" },
    red: { [listening]: ["does not acknowledge a message that it can neither handle nor store"] },
  },
  {
    guard: "dead letter before ack: messages that failed three times",
    file: listener,
    change: {
      "await keep(message, error, attempt, event.traceparent);":
        "await keep(message, error, attempt, event.traceparent).catch(() => {});",
    },
    red: { [listening]: ["does not acknowledge a message that it can neither handle nor store"] },
  },
  {
    guard: "transient errors and lost races do not lead to a dead letter",
    file: listener,
    change: { "if (isTransient(error) || isVersionError(error))": "if (attempt < 0)" },
    red: {
      [listening]: [
        "retries while a store is unavailable or a save loses its race",
        "leaves a message to be redelivered while the store stays unavailable",
      ],
    },
  },
  {
    guard: "dead letters are stored once: MongoDB",
    file: letters,
    change: {
      "insertOne({ _id: sealed.id, ...sealed }": "insertOne({ _id: crypto.randomUUID(), ...sealed }",
    },
    red: {
      [keeping]: ["dead letters in MongoDB store equal bytes of a subject once, with the first reason"],
    },
  },
  {
    guard: "dead letters are stored once: Redis",
    file: letters,
    change: { "redis.hsetnx(": "redis.hset(" },
    red: {
      [keeping]: ["dead letters in Redis store equal bytes of a subject once, with the first reason"],
    },
  },
  {
    guard: "dead letters: limit",
    file: "common/src/messaging/dead-letters.ts",
    change: { "count > maxLetters ?": "count < 0 ?" },
    red: {
      "common/src/messaging/dead-letters.test.ts": ["MongoDB", "Redis"].map(
        (store) => `dead letters in ${store} are limited: the oldest tenth is dropped and logged`,
      ),
    },
  },
];
