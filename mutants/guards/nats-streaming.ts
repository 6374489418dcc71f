import type { Mutant } from "../mutant";

const bus = "common/src/messaging/nats-streaming/bus.ts";
const publishing = "common/src/messaging/publish-window.ts";
const subscription = "common/src/messaging/nats-streaming/subscription.ts";
const natsLog = "common/src/messaging/nats-streaming/log.ts";
const logTests = "common/src/messaging/nats-streaming/log.test.ts";
const busTests = "common/src/messaging/nats-streaming/bus.test.ts";
const rejectsUnanswered =
  "under failures rejects pending publishes when the broker is killed, and restores subscriptions";
const onNats = (promise: string) => `the bus on NATS Streaming ${promise}`;
const onJetStream = (promise: string) => `the bus on JetStream ${promise}`;
const bridgeTests = "common/src/messaging/bridge.test.ts";
const jetStreamTests = "common/src/messaging/jetstream/bus.test.ts";

export const natsStreaming: Mutant[] = [
  {
    guard: "manual ack",
    file: bus,
    change: { ".setManualAckMode(true)": ".setManualAckMode(false)" },
    red: { [busTests]: [onNats("redelivers a message when its handler rejects, and counts redeliveries")] },
  },
  {
    guard: "ack after the effect",
    file: bus,
    change: { "await handle(message);\n": "acknowledge();\n          await handle(message);\n" },
    red: { [busTests]: [onNats("redelivers a message when its handler rejects, and counts redeliveries")] },
  },
  {
    guard: "durable subscriptions",
    file: bus,
    change: { ".setDurableName(name)": "" },
    red: {
      [busTests]: [onNats("keeps a group's position while it has no members")],
      [bridgeTests]: ["continues where it stopped"],
    },
  },
  {
    guard: "subscriptions are closed, never unsubscribed",
    file: subscription,
    change: { "this.joined?.subscription.close();": "this.joined?.subscription.unsubscribe();" },
    red: {
      [busTests]: [onNats("finishes messages in flight when a subscription closes, and accepts no new ones")],
    },
  },
  {
    guard: "a subscription closes after its handlers have finished",
    file: subscription,
    change: { "await withTimeout(Promise.all(this.running), ": "await withTimeout(Promise.resolve(), " },
    red: {
      [busTests]: [onNats("finishes messages in flight when a subscription closes, and accepts no new ones")],
    },
  },
  {
    guard: "a subscription closes although a handler does not finish",
    file: subscription,
    change: { "Promise.all(this.running), this.maxCloseMs)": "Promise.all(this.running), 2 ** 31 - 1)" },
    red: {
      [busTests]: [
        onNats("under failures closes although a handler does not finish, and its message is redelivered"),
      ],
    },
  },
  {
    guard: "at most 64 messages in flight",
    file: subscription,
    change: { " || this.running.size >= maxInFlight": "" },
    red: { [busTests]: [onNats("delivers at most 64 messages to a member at a time")] },
  },
  {
    guard: "publishing waits for the broker's ack",
    file: bus,
    change: {
      "accepted.publish(subject, bytes, (error: unknown) => {":
        "accepted.publish(subject, bytes, () => {});\n      resolve();\n      void ((error: unknown) => {",
    },
    red: { [busTests]: [onNats(rejectsUnanswered)] },
  },
  {
    guard: "publishing without a response fails with the connection",
    file: publishing,
    change: { "for (const reject of this.pending) reject(error);": "" },
    red: {
      [busTests]: [onNats(rejectsUnanswered)],
      [jetStreamTests]: [onJetStream(rejectsUnanswered)],
    },
  },
  {
    guard: "a log is read up to its end at the start",
    file: natsLog,
    change: { "while (done < last) {": "while (last < Infinity) {" },
    red: {
      [busTests]: [
        onNats("reads a log in order up to its end at the start, whatever is published in the meantime"),
      ],
    },
  },
  {
    guard: "a log on a dead connection is not considered empty",
    file: natsLog,
    change: { "isQuiet && (await this.connection.isAlive())": "isQuiet" },
    red: { [logTests]: ["does not consider a channel empty if the broker does not respond"] },
  },
  {
    guard: "messages of a log that arrive out of order are not skipped",
    file: natsLog,
    change: { "(isFirst && sequence === afterGap)": "sequence > next" },
    red: { [logTests]: ["rereads from the position of a message lost in transit"] },
  },
  {
    guard: "at most one batch of a log is in memory",
    file: natsLog,
    change: { "if (sequence <= done) acknowledge();": "if (sequence < next) acknowledge();" },
    red: {
      [logTests]: [
        "acknowledges redelivered messages only after they were consumed, so that at most one batch is in memory",
      ],
    },
  },
];
