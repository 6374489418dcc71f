import type { Mutant } from "../mutant";

const bus = "common/src/messaging/nats-streaming/bus.ts";
const publishing = "common/src/messaging/publish-window.ts";
const subscription = "common/src/messaging/nats-streaming/subscription.ts";
const listener = "common/src/messaging/listener.ts";
const letters = "common/src/messaging/dead-letters.ts";
const natsLog = "common/src/messaging/nats-streaming/log.ts";
const logTests = "common/src/messaging/nats-streaming/log.test.ts";
const rebuilding = "common/src/service/rebuild.ts";
const expirations = "expiration/src/expirations.ts";
const busTests = "common/src/messaging/nats-streaming/bus.test.ts";
const listening = "common/src/messaging/listener.test.ts";
const keeping = "common/src/messaging/dead-letters.test.ts";
const rebuildTests = "common/src/service/rebuild.test.ts";
const expiring = "expiration/src/expirations.test.ts";
const rejectsUnanswered =
  "under failures rejects pending publishes when the broker is killed, and restores subscriptions";
const onNats = (promise: string) => `the bus on NATS Streaming ${promise}`;
const onJetStream = (promise: string) => `the bus on JetStream ${promise}`;
const jetStream = "common/src/messaging/jetstream/bus.ts";
const pulling = "common/src/messaging/jetstream/subscription.ts";
const bridging = "common/src/messaging/bridge.ts";
const bridgeTests = "common/src/messaging/bridge.test.ts";
const combined = "common/src/messaging/combined-bus.ts";
const combinedTests = "common/src/messaging/combined-bus.test.ts";
const jetStreamTests = "common/src/messaging/jetstream/bus.test.ts";

export const messaging: Mutant[] = [
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
    guard: "JetStream: ack after the effect",
    file: jetStream,
    change: { "await handle(message);\n": "acknowledge();\n          await handle(message);\n" },
    red: {
      [jetStreamTests]: [
        onJetStream("redelivers a message when its handler rejects, and counts redeliveries"),
      ],
    },
  },
  {
    guard: "JetStream: publishing waits for the broker's ack",
    file: jetStream,
    change: { "await made.jetStream.publish(": "void made.jetStream.publish(" },
    red: { [jetStreamTests]: [onJetStream(rejectsUnanswered)] },
  },
  {
    guard: "JetStream: an event published twice is stored once",
    file: jetStream,
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
    guard: "the bridge does not copy a copy",
    file: bridging,
    change: { "if (isCopy) return;": "" },
    red: { [bridgeTests]: ["does not copy an event again that comes back too late to be recognized"] },
  },
  {
    guard: "JetStream: a copy is marked",
    file: jetStream,
    change: { "headers: isCopy ? markOfCopies() : undefined": "headers: undefined" },
    red: { [bridgeTests]: ["does not copy an event again that comes back too late to be recognized"] },
  },
  {
    guard: "the bridge publishes an event under its own ID",
    file: bridging,
    change: { "if (data) return { id: data.id, aggregateId: data.subject };": "" },
    red: { [bridgeTests]: ["copies old and new events in both directions, byte for byte and once"] },
  },
  {
    guard: "the bridge uses no ID that a broker rejects",
    file: bridging,
    change: { "z.string().regex(/^[\\w-]{1,100}$/)": "z.string()", "z.string().refine(isId)": "z.string()" },
    red: { [bridgeTests]: ["copies messages that are not events"] },
  },
  {
    guard: "the bridge acknowledges what it has copied",
    file: bridging,
    change: {
      "await to.publish(subject, bytes, { ...idsOf(subject, bytes), isCopy: true });":
        "void to.publish(subject, bytes, { ...idsOf(subject, bytes), isCopy: true }).catch(() => {});",
    },
    red: { [bridgeTests]: ["loses nothing when the brokers are killed while it copies"] },
  },
  {
    guard: "several brokers: listeners receive from all",
    file: combined,
    change: { "onEach((bus) => bus.subscribe(subject, handle))": "first.subscribe(subject, handle)" },
    red: { [combinedTests]: ["delivers and shows the events of both brokers until it is closed"] },
  },
  {
    guard: "several brokers: watchers receive from all",
    file: combined,
    change: { "onEach((bus) => bus.watch(subject, handle))": "first.watch(subject, handle)" },
    red: { [combinedTests]: ["delivers and shows the events of both brokers until it is closed"] },
  },
  {
    guard: "several brokers: all logs are read",
    file: combined,
    change: { "buses.flatMap(({ logs }) => logs)": "first.logs" },
    red: {
      [combinedTests]: ["reads the logs of both brokers"],
      [rebuildTests]: ["reads the logs of all brokers, and resumes each at its own position"],
    },
  },
  {
    guard: "several brokers: one that is unavailable is not considered empty",
    file: combined,
    change: { 'throw new Error("a broker is unavailable");': "return 0;" },
    red: { [combinedTests]: ["reports no wait while one of the brokers is unavailable"] },
  },
  {
    guard: "progress of a rebuild is valid only for the same log",
    file: "common/src/service/rebuild-progress.ts",
    change: { "${log.broker} ": "" },
    red: { [rebuildTests]: ["reads the logs of all brokers, and resumes each at its own position"] },
  },
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
    guard: "rebuild never stores an older version",
    file: rebuilding,
    change: {
      "version > (versions.get(id) ?? -1)": "version > -2",
      "filter: { _id: id, version: trusted({ $not: { $gte: version } }) }": "filter: { _id: id }",
    },
    red: {
      [rebuildTests]: ["does not change current or newer documents, and writes nothing the second time"],
    },
  },
  {
    guard: "rebuild releases a unique key before another document takes it",
    file: rebuilding,
    change: { "|| error.err) throw error;": "|| error.err || error.code) throw error;" },
    red: {
      [rebuildTests]: [
        "releases a unique key before its next holder takes it, even if it reads the taker first",
      ],
    },
  },
  {
    guard: "rebuild fails when a unique index rejects a document",
    file: rebuilding,
    change: { "if (!refusal) return total;": "return total;" },
    red: {
      [rebuildTests]: [
        "releases a unique key before its next holder takes it, even if it reads the taker first",
      ],
    },
  },
  {
    guard: "rebuild writes each batch before it reads the next",
    file: rebuilding,
    change: { "if (last && !isRefused) await progress.save": "if (last && isRefused) await progress.save" },
    red: {
      [rebuildTests]: ["writes each batch before it reads the next, and resumes there after an interruption"],
    },
  },
  {
    guard: "progress of a rebuild is valid only for the same collection",
    file: "common/src/service/rebuild-progress.ts",
    change: { "position.collectionId === (await this.collectionId(model))": "position" },
    red: {
      [rebuildTests]: ["starts over if the database was restored again after an interruption"],
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
    guard: "timers: removed when the order ends",
    file: expirations,
    change: { "await job.remove();": "" },
    red: {
      [expiring]: ["removes the timer of a cancelled order", "removes the timer of a completed order"],
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
