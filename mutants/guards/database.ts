import type { Mutant } from "../mutant";

const aggregate = "common/src/database/define-aggregate.ts";
const replica = "common/src/database/define-replica.ts";
const user = "auth/src/models/user.ts";
const races = "common/src/database/define-aggregate.races.test.ts";
const replicating = "common/src/database/define-replica.test.ts";
const relaying = "common/src/service/outbox-relay.failures.test.ts";
const charging = "payments/src/charge.test.ts";
const granting = "orders/src/follow-payments.test.ts";
const connection = "common/src/database/database.ts";
const majority = "common/src/service/majority.test.ts";
const failover = "common/src/service/failover.test.ts";
const failovers = "infra/failovers.test.ts";
const publishes = "publishes nothing that a failover rolls back";
const shows = "shows nothing that a failover rolls back";
const initiation = "common/src/service/replica-set.test.ts";
const members = "common/src/database/members.ts";
const memberTests = "common/src/service/members.test.ts";
const relay = "common/src/service/outbox-relay.ts";

export const database: Mutant[] = [
  {
    guard: "compare-and-set in every save: cancel, complete, each transition of a payment",
    modelMutants: ["saveOrderUnconditionally", "savePaymentUnconditionally"],
    file: aggregate,
    change: { "schema.plugin(versionOCCPlugin);": "" },
    red: {
      [races]: [
        "rejects a save of an aggregate that has changed in the meantime, and stores nothing",
        "accepts one of many concurrent changes of the same state",
      ],
      "orders/src/routes/cancel-order.test.ts": [
        "detects that the order was paid while it was being cancelled",
      ],
      "orders/src/listeners/payments.test.ts": ["keeps a cancellation that was saved first"],
      "payments/src/models/payment.test.ts": [
        "rejects confirmCharge when a fail that saw the same state was saved first",
        "rejects fail when a confirmCharge that saw the same state was saved first",
        "rejects settle when a startRefund that saw the same state was saved first",
        "rejects startRefund when a settle that saw the same state was saved first",
        "rejects confirmRefund when a confirmRefund that saw the same state was saved first",
      ],
      [charging]: [
        "publishes the charge once when another process finishes it in the meantime",
        "does not fail a payment whose charge succeeds in the meantime",
      ],
      "payments/src/refund.test.ts": [
        "publishes it once when another process does the same between the load and the save",
      ],
      "tickets/src/routes/withdraw-ticket.test.ts": [
        "responds with 409 when the ticket was reserved in the meantime",
      ],
    },
  },
  {
    guard: "replica set: a write is acknowledged by the majority",
    file: connection,
    change: { 'writeConcern: { w: "majority", journal: true }': "writeConcern: { w: 1, journal: true }" },
    red: {
      [majority]: ["acknowledges no write that only the primary has"],
      [failovers]: [publishes, shows],
    },
  },
  {
    guard: "replica set: reads return what the majority has",
    file: connection,
    change: { 'readConcern: { level: "majority" },': "" },
    red: {
      [majority]: ["neither reads nor publishes what a change of the primary may undo"],
      [failovers]: [publishes, shows],
    },
  },
  {
    guard: "replica set: the relay finds only what the majority has",
    file: relay,
    change: {
      "limit: config.RELAY_WINDOW,": 'limit: config.RELAY_WINDOW, readConcern: { level: "local" },',
      'projection: { outbox: 1 }, hint: "_id_"':
        'projection: { outbox: 1 }, hint: "_id_", readConcern: { level: "local" }',
    },
    red: { [failovers]: [publishes] },
  },
  {
    guard: "replica set: a seller sees only what the majority has",
    file: "tickets/src/models/ticket.ts",
    change: { "await Ticket.findById(id) : null": 'await Ticket.findById(id).readConcern("local") : null' },
    red: { [failovers]: [shows] },
  },
  {
    guard: "replica set: an event that was handled on two primaries is handled again",
    file: "common/src/messaging/listener.ts",
    change: { "while (elections() !== electionsBefore)": "while (false)" },
    red: {
      "common/src/service/runtime.test.ts": [
        "handles an event again if another member became the primary meanwhile",
      ],
      [failovers]: ["loses no effect of an event when the primary fails after its state was stored"],
    },
  },
  {
    guard: "replica set: a write is repeated on the next primary",
    file: connection,
    change: { "retryWrites: true": "retryWrites: false" },
    red: { [failover]: ["fails no write during a planned change of the primary"] },
  },
  {
    guard: "replica set: a service stays ready while there is no primary",
    file: connection,
    change: { ', readPreference: "primaryPreferred"': "" },
    red: { [failover]: ["loses nothing that was acknowledged when the primary is killed"] },
  },
  {
    guard: "replica set: a member that is too far behind is reported",
    file: members,
    change: { "newest - timeOf(member) <= maxLagMs": "true" },
    red: { [memberTests]: ["counts a member that is too far behind"] },
  },
  {
    guard: "replica set: a member that was not added is reported",
    file: members,
    change: { "Math.max(addresses.length, members.length)": "members.length" },
    red: { [memberTests]: ["counts a member of the address that was not added"] },
  },
  {
    guard: "replica set: a user who may not query the status can measure the rest",
    file: members,
    change: { "[76, 13, 8000]": "[76]" },
    red: { [memberTests]: ["counts none for a single server, or for a user who may not query the status"] },
  },
  {
    guard: "replica set: without a primary, the store is reported as down",
    file: "common/src/service/runtime.ts",
    change: { "store.time().then(": "store.ping().then(" },
    red: { [memberTests]: ["without a primary, the store is not ready, although a member responds"] },
  },
  {
    guard: "replica set: the relay waits until the majority knows what it published",
    file: relay,
    change: { 'writeConcern: { w: "majority", j: false }': "writeConcern: { w: 1, j: false }" },
    red: { [majority]: ["publishes an event once while the majority cannot confirm that it was published"] },
  },
  {
    guard: "replica set: it is initiated only if all members respond, and are in none",
    file: "common/src/service/replica-set.ts",
    change: { "hosts.map(setOf)": "hosts.map((host) => setOf(host).catch(() => undefined))" },
    red: {
      [initiation]: ["initiates nothing while a member that may know the replica set is unavailable"],
    },
  },
  {
    guard: "outbox: a save stores its event with the change",
    modelMutants: ["noGrantEvent"],
    file: aggregate,
    change: { "if (event) outbox.push(event);": "" },
    red: {
      [races]: ["stores change and event atomically, whenever it crashes"],
      [granting]: [
        "an order is granted and publishes that, although the process crashes right after the save",
      ],
    },
  },
  {
    guard: "outbox: an aggregate whose save has failed cannot be saved again",
    file: aggregate,
    change: { "if (saving) throw": "if (!recording) throw" },
    red: {
      [races]: [
        "rejects another save after a failed one, so that no event describes a state that never existed",
      ],
    },
  },
  {
    guard: "outbox: events are removed by id",
    file: relay,
    change: {
      "{ $pull: { outbox: { id: { $in: published.map(({ eventId }) => eventId) } } } }":
        "{ $set: { outbox: [] } }",
    },
    red: { [relaying]: ["removes only events that it has published"] },
  },
  {
    guard: "outbox: events are kept until the broker has stored them",
    file: relay,
    change: {
      "await publishEvent(this.bus, event);": "publishEvent(this.bus, event).catch(() => {});",
    },
    red: { [relaying]: ["retries events that the broker did not store, without delaying others"] },
  },
  {
    guard: "outbox: nothing is published while the broker is disconnected",
    file: relay,
    change: { "if (this.bus.isConnected) await this": "await this" },
    red: { [relaying]: ["waits while the broker is unavailable, and continues when it is back"] },
  },
  {
    guard: "outbox: events of an aggregate are published one at a time",
    file: relay,
    change: { "      if (before) await waitFor(before);\n": "" },
    red: { [relaying]: ["keeps the order of an aggregate's events when the broker is slow with the first"] },
  },
  {
    guard: "outbox: a publication ends when its event is removed",
    file: relay,
    change: {
      "const wasThere = await this.pulls.get(collection)?.({ _id, eventId: event.id });":
        "void this.pulls.get(collection)?.({ _id, eventId: event.id });\n      const wasThere = true;",
    },
    red: {
      [relaying]: [
        "finishes events in flight when it stops, and starts no new ones",
        "events that are published while others are removed are removed together",
      ],
    },
  },
  {
    guard: "outbox: a stopping relay publishes what its own process has saved",
    file: relay,
    change: {
      "await this.sweep.stop();\n      await Promise.all(this.queues.values());": "await this.sweep.stop();",
    },
    red: { [relaying]: ["finishes events in flight when it stops, and starts no new ones"] },
  },
  {
    guard: "outbox: a stopping relay leaves events of other processes to them",
    file: relay,
    change: {
      "    this.isStopping = true;\n": "",
      "await this.sweep.stop();\n      await Promise.all(this.queues.values());":
        "await this.sweep.stop();\n      await this.drain();",
    },
    red: {
      [relaying]: [
        "stops while other processes keep saving: it publishes only its own events",
        "stops in the middle of a backlog",
      ],
    },
  },
  {
    guard: "outbox: a stopping relay does not wait for an unresponsive broker",
    file: relay,
    change: { "await withTimeout(finish(), this.options.maxStopMs)": "await finish()" },
    red: { [relaying]: ["stops when the broker does not respond, and leaves the event to the next process"] },
  },
  {
    guard: "outbox: each process reads the backlog in its own random order",
    file: relay,
    change: { "shuffled(found).filter": "found.filter" },
    red: {
      "common/src/service/outbox-relay.test.ts": [
        "shares a backlog with other processes, with few duplicates",
      ],
    },
  },
  {
    guard: "outbox: not part of the public state",
    file: aggregate,
    change: {
      "return toResponse(fieldsOf(this));": "return { ...this.toObject(), id: this.id };",
    },
    red: {
      "common/src/database/define-aggregate.test.ts": [
        "serializes only its public state, id, version and creation time",
      ],
    },
  },
  {
    guard: "version gate: a replica accepts only newer versions",
    modelMutants: ["takeOlderPayments", "takeOlderOrders"],
    file: replica,
    change: {
      "model.castObject({ _id: id }), version: { $lt: version } }": "model.castObject({ _id: id }) }",
    },
    red: {
      [replicating]: [
        "ends in the newest state, whatever the order of the versions",
        "ignores a version that it already has",
      ],
      "orders/src/listeners/tickets.test.ts": ["keeps the newest state, in any order of events"],
      [granting]: ["an order is not granted to a failed payment whose failure arrives first"],
      "payments/src/listeners/order-created.test.ts": [
        "keeps an order cancelled when its creation is delivered late",
      ],
    },
  },
  {
    guard: "version gate: retried after a duplicate key error",
    file: replica,
    change: { "refusal = await write({ filter, update });": "refusal = undefined;" },
    red: { [replicating]: ["applies the newer state when the older one is inserted concurrently"] },
  },
  {
    guard: "replicas that are written together: a refused one fails alone",
    file: replica,
    change: {
      "for (const [index, refusal] of refusalsOf(error)) refusals[index] = refusal;": "throw error;",
    },
    red: {
      [replicating]: [
        "states that arrive while another is being written share one write: duplicates, gaps, and one that is refused alone",
      ],
    },
  },
  {
    guard: "replicas that are written together: all fail when the write may be lost",
    file: replica,
    change: { "  if (concernError) throw withCode(concernError);\n": "" },
    red: {
      [replicating]: [
        "states that arrive while another is being written all fail with a transient error when the outcome of their write is unknown: an error of the write concern",
      ],
    },
  },
  {
    guard: "shared reads: a read begins after the calls that share it",
    file: "common/src/base/shared-reads.ts",
    change: { "if (!reading) return begin();": "if (!reading) return begin();\n    return reading.result;" },
    red: { "common/src/base/shared-reads.test.ts": ["shows each caller what was written before its call"] },
  },
  {
    guard: "shared reads: a failed read fails the calls that wait for it",
    file: "common/src/base/shared-reads.ts",
    change: { "await reading.result; // rejects if it failed": "" },
    red: {
      "common/src/base/shared-reads.test.ts": [
        "fails the calls that wait for a read that fails, and no later ones",
      ],
    },
  },
  {
    guard: "joined calls: a run has a limit",
    file: "common/src/base/joined.ts",
    change: { "last?.isOpen && last.items.length < maxItems": "last?.isOpen" },
    red: { "common/src/base/joined.test.ts": ["has at most 100 items in a run, and one run at a time"] },
  },
  {
    guard: "unique index: one account per email",
    file: user,
    change: { "unique: true, lowercase": "lowercase" },
    red: {
      "auth/src/routes/sign-up.test.ts": [
        "rejects the email of an account that an older version stored without a canonical email",
      ],
    },
  },
  {
    guard: "writes use a journaled majority write concern",
    file: "common/src/database/database.ts",
    change: { 'writeConcern: { w: "majority", journal: true },': "" },
    red: {
      "common/src/database/database.test.ts": ["uses a journaled majority write concern"],
    },
  },
  {
    guard: "an array in a filter is not treated as alternatives",
    file: "common/src/database/database.ts",
    change: { 'mongoose.set("sanitizeFilter", true);': "" },
    red: {
      "common/src/database/database.test.ts": [
        "does not treat an array in place of a plain value as alternatives",
      ],
    },
  },
  {
    guard: "operators in filters are rejected unless trusted",
    file: "common/src/database/query-guards.ts",
    change: { "refuseUntrustedOperators(this.getFilter());": "" },
    red: {
      "common/src/database/database.test.ts": [
        "an operator in a filter is refused in a field unless it is trusted",
        "an operator in a filter is refused in a path unless it is trusted",
        "an operator in a filter is refused in an alternative unless it is trusted",
        "an operator in a filter is refused in $eq unless it is trusted",
      ],
    },
  },
  {
    guard: "a bulk write's operators are refused unless they are trusted",
    file: "common/src/database/query-guards.ts",
    change: { "refuseUntrustedOperators(operation.filter);": "continue;" },
    red: {
      "common/src/database/database.test.ts": [
        "an operator in a filter is refused in a field unless it is trusted",
        "an operator in a filter is refused in a path unless it is trusted",
      ],
    },
  },
];
