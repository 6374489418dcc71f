import type { Mutant } from "../mutant";

const rejectsUnanswered =
  "under failures rejects pending publishes when the broker is killed, and restores subscriptions";
const onJetStream = (promise: string) => `the bus on JetStream ${promise}`;
const bus = "common/src/messaging/jetstream/bus.ts";
const pulling = "common/src/messaging/jetstream/subscription.ts";
const bridgeTests = "common/src/messaging/bridge.test.ts";
const jetStreamTests = "common/src/messaging/jetstream/bus.test.ts";
const settings = "common/src/messaging/jetstream/stream.ts";
const settingsOfNew =
  "a connection to JetStream creates a stream that cannot be purged and discards nothing, and durable consumers that discard nothing";
const onThree = "infra/k8s/high-availability.test.ts";
const storedByAll =
  "three servers with the users of the manifests all servers store the stream, and write at once to disk, as without high availability";

export const jetStream: Mutant[] = [
  {
    guard: "JetStream: ack after the effect",
    file: bus,
    change: { "await handle(message);\n": "acknowledge();\n          await handle(message);\n" },
    red: {
      [jetStreamTests]: [
        onJetStream("redelivers a message when its handler rejects, and counts redeliveries"),
      ],
    },
  },
  {
    guard: "JetStream: publishing waits for the broker's ack",
    file: bus,
    change: { "await made.jetStream.publish(": "void made.jetStream.publish(" },
    red: { [jetStreamTests]: [onJetStream(rejectsUnanswered)] },
  },
  {
    guard: "JetStream: an event published twice is stored once",
    file: bus,
    change: { "msgID: id, ": "" },
    red: { [jetStreamTests]: ["a connection to JetStream stores an event once when it is published again"] },
  },
  {
    guard: "JetStream: changed settings of a durable consumer apply",
    file: "common/src/messaging/jetstream/stream.ts",
    change: { "await manager.consumers.update(streamName, durable, changeable);": "return;" },
    red: {
      [jetStreamTests]: [
        "a connection to JetStream applies changed settings to an existing durable consumer",
      ],
    },
  },
  {
    guard: "JetStream: at most 64 messages in flight",
    file: pulling,
    change: { "maxInFlight - this.running.size)": "1000)", " || this.running.size >= maxInFlight": "" },
    red: { [jetStreamTests]: [onJetStream("delivers at most 64 messages to a member at a time")] },
  },
  {
    guard: "JetStream: a lost durable consumer is created again",
    file: pulling,
    change: { "await delay(retryMs);": "return;" },
    red: { [jetStreamTests]: [onJetStream("under failures continues with a broker that lost its store")] },
  },
  {
    guard: "JetStream: a request that the broker lost is repeated",
    file: pulling,
    change: { "2.5 * heartbeatMs": "1e9" },
    red: {
      [jetStreamTests]: [
        "a connection to JetStream requests messages again when the broker loses a request, but not the connection",
      ],
    },
  },
  {
    guard: "JetStream: a closing subscription returns what it was sent",
    file: pulling,
    change: {
      "await withTimeout(this.inbox.drain(), seconds(2)).catch(() => {});": "this.inbox.unsubscribe();",
    },
    red: {
      [jetStreamTests]: [
        onJetStream("under failures returns messages that arrive while a subscription closes"),
      ],
    },
  },
  {
    guard: "JetStream: a subscription closes after its handlers have finished",
    file: pulling,
    change: { "await withTimeout(Promise.all(this.running), ": "await withTimeout(Promise.resolve(), " },
    red: {
      [jetStreamTests]: [
        onJetStream("finishes messages in flight when a subscription closes, and accepts no new ones"),
      ],
    },
  },
  {
    guard: "JetStream: a log is read up to its end at the start",
    file: "common/src/messaging/jetstream/log.ts",
    change: { "while (done < last) {": "while (last < Infinity) {" },
    red: {
      [jetStreamTests]: [
        onJetStream("reads a log in order up to its end at the start, whatever is published in the meantime"),
      ],
    },
  },
  {
    guard: "JetStream: a full stream refuses events, and drops none",
    file: settings,
    change: { "discard: DiscardPolicy.New,": "" },
    red: { [jetStreamTests]: [settingsOfNew] },
  },
  {
    guard: "JetStream: no event is deleted",
    file: settings,
    change: { "deny_delete: true,": "" },
    red: { [jetStreamTests]: [settingsOfNew] },
  },
  {
    guard: "JetStream: the stream is not purged",
    file: settings,
    change: { "deny_purge: true,": "" },
    red: { [jetStreamTests]: [settingsOfNew] },
  },
  {
    guard: "JetStream: a repeated event is recognized for two minutes",
    file: settings,
    change: { "duplicate_window: nanos(minutes(2)),": "duplicate_window: nanos(seconds(1))," },
    red: { [jetStreamTests]: [settingsOfNew] },
  },
  {
    guard: "JetStream: an event is delivered until it is handled",
    file: settings,
    change: { "max_deliver: -1,": "max_deliver: 5," },
    red: { [jetStreamTests]: [settingsOfNew] },
  },
  {
    guard: "JetStream: a stuck member leaves room for others",
    file: settings,
    change: { "maxAckPending = 16 * maxInFlight": "maxAckPending = maxInFlight" },
    red: {
      [jetStreamTests]: [
        onJetStream(
          "under failures delivers to other members while one is stuck with as many messages as it can handle",
        ),
      ],
    },
  },
  {
    guard: "JetStream: several servers store the stream",
    file: settings,
    change: { "num_replicas: replicas,": "" },
    red: { [onThree]: [storedByAll] },
  },
  {
    guard: "JetStream: several servers write at once to disk",
    file: "infra/k8s/components/high-availability/cluster.conf",
    change: { "jetstream { sync_interval: always }\n": "" },
    red: { [onThree]: [storedByAll] },
  },
  {
    guard: "MongoDB: a member without data does not count as started",
    file: "infra/k8s/components/high-availability/mongo.yaml",
    change: { "!h.setName ? 0 : 1)": "!h.setName ? 0 : 0)" },
    red: {
      [onThree]: ["in the overlay gke-ha the probe of a MongoDB recognizes a member that copies data"],
    },
  },
  {
    guard: "JetStream: a copy is marked",
    file: bus,
    change: { "headers: isCopy ? markOfCopies() : undefined": "headers: undefined" },
    red: { [bridgeTests]: ["does not copy an event again that comes back too late to be recognized"] },
  },
];
