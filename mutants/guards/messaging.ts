import type { Mutant } from "../mutant";

const bus = "common/src/messaging/nats-bus.ts";
const publisher = "common/src/messaging/nats-publisher.ts";
const subscription = "common/src/messaging/nats-subscription.ts";
const listener = "common/src/messaging/listener.ts";
const letters = "common/src/messaging/dead-letters.ts";
const recalling = "common/src/messaging/recall.ts";
const expirations = "expiration/src/expirations.ts";
const busTests = "common/src/messaging/nats-bus.test.ts";
const listening = "common/src/messaging/listener.test.ts";
const keeping = "common/src/messaging/dead-letters.test.ts";
const recalled = "common/src/messaging/recall.test.ts";
const expiring = "expiration/src/expirations.test.ts";
const rejectsUnanswered =
  "a connection to NATS Streaming rejects what a dying broker did not answer, and subscribes again where it did not hear";
const onNats = (promise: string) => `the bus on NATS Streaming ${promise}`;

export const messaging: Mutant[] = [
  {
    guard: "manual ack",
    file: bus,
    change: { ".setManualAckMode(true)": ".setManualAckMode(false)" },
    red: { [busTests]: [onNats("delivers a message again when its handler rejects, and says how often")] },
  },
  {
    guard: "ack after the effect",
    file: bus,
    change: { "await handle(message);\n": "acknowledge();\n          await handle(message);\n" },
    red: { [busTests]: [onNats("delivers a message again when its handler rejects, and says how often")] },
  },
  {
    guard: "a service's place in a channel lives in the broker",
    file: bus,
    change: { ".setDurableName(name)": "" },
    red: { [busTests]: [onNats("keeps a group's place while nobody of it is there")] },
  },
  {
    guard: "a subscription is closed, never given up",
    file: subscription,
    change: { "this.joined?.subscription.close();": "this.joined?.subscription.unsubscribe();" },
    red: {
      [busTests]: [
        onNats("finishes what is being handled when a subscription closes, and takes nothing new"),
      ],
    },
  },
  {
    guard: "a subscription closes when what it has in hand is done",
    file: subscription,
    change: { "await Promise.all(this.running);": "" },
    red: {
      [busTests]: [
        onNats("finishes what is being handled when a subscription closes, and takes nothing new"),
      ],
    },
  },
  {
    guard: "no more than 64 messages in hand",
    file: subscription,
    change: { " || this.running.size >= mostInFlight": "" },
    red: { [busTests]: [onNats("gives a member no more than 64 messages at once")] },
  },
  {
    guard: "a publish is done when the broker has stored the message",
    file: publisher,
    change: {
      "stan.publish(subject, bytes, settle);":
        "stan.publish(subject, bytes, () => {});\n      settle(undefined);",
    },
    red: { [busTests]: [rejectsUnanswered] },
  },
  {
    guard: "a publish without an answer fails with the connection",
    file: publisher,
    change: { "for (const settle of this.unanswered) settle(error);": "" },
    red: { [busTests]: [rejectsUnanswered] },
  },
  {
    guard: "dead letter before ack: what nobody can read",
    file: listener,
    change: { "await keep(message, error, 1);": "await keep(message, error, 1).catch(() => {});" },
    red: { [listening]: ["does not acknowledge what it can neither handle nor keep"] },
  },
  {
    guard: "dead letter before ack: what was refused three times",
    file: listener,
    change: {
      "await keep(message, error, attempt, event.traceparent);":
        "await keep(message, error, attempt, event.traceparent).catch(() => {});",
    },
    red: { [listening]: ["does not acknowledge what it can neither handle nor keep"] },
  },
  {
    guard: "a message is no dead letter because a store is away or a race was lost",
    file: listener,
    change: { "if (isStoreAway(error) || isVersionError(error))": "if (attempt < 0)" },
    red: {
      [listening]: [
        "tries again for as long as a store is away or a save loses its race",
        "leaves a message to be delivered again when the store stays away",
      ],
    },
  },
  {
    guard: "the same dead letter is kept once: MongoDB",
    file: letters,
    change: {
      "insertOne({ _id: sealed.id, ...sealed }": "insertOne({ _id: crypto.randomUUID(), ...sealed }",
    },
    red: {
      [keeping]: ["dead letters in MongoDB keep the same bytes of a channel once, as they were kept first"],
    },
  },
  {
    guard: "the same dead letter is kept once: Redis",
    file: letters,
    change: { "redis.hsetnx(": "redis.hset(" },
    red: {
      [keeping]: ["dead letters in Redis keep the same bytes of a channel once, as they were kept first"],
    },
  },
  {
    guard: "one timer for an order",
    file: expirations,
    change: { "jobId: expiration.orderId,": "" },
    red: { [expiring]: ["says so once, although it heard of the order twice"] },
  },
  {
    guard: "a timer rings until the broker has stored its event",
    file: expirations,
    change: { "attempts: Number.MAX_SAFE_INTEGER,": "" },
    red: { [expiring]: ["repeats until the broker has stored the event"] },
  },
  {
    guard: "a timer that has rung blocks no other of its order",
    file: expirations,
    change: { "removeOnComplete: true,": "" },
    red: { [expiring]: ["leaves nothing behind that would keep an order from being scheduled again"] },
  },
  {
    guard: "recall never goes back",
    file: recalling,
    change: { "if (known && known.version >= version) return false;": "" },
    red: { [recalled]: ["leaves alone what is as new or newer, and finds nothing the second time"] },
  },
  {
    guard: "recall lets go first of what another took",
    file: recalling,
    change: { "if (!isDuplicateKey(error)) throw error;": "throw error;" },
    red: { [recalled]: ["lets go of what another took, also if it hears of the taker first"] },
  },
];
