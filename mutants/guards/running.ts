import type { Mutant } from "../mutant";

const payments = "payments/src/index.ts";
const service = "common/src/service/service.ts";
const runtime = "common/src/service/runtime.ts";
const database = "common/src/database/database.ts";
const frozen = "common/src/service/frozen.test.ts";
const serve = "common/src/http/serve.ts";
const runningOrders = "orders/src/index.test.ts";
const runningPayments = "payments/src/index.test.ts";
const runtimeTests = "common/src/service/runtime.test.ts";
const serving = "common/src/http/serve.test.ts";
const stopping = "common/src/service/service.test.ts";
const posterQueue = "client/lib/poster-queue.ts";
const posterQueueTests = "client/lib/poster-queue.test.ts";

export const running: Mutant[] = [
  {
    guard: "serving: slow clients are disconnected",
    file: serve,
    change: { "createServer(limits, handle)": "createServer(handle)" },
    red: {
      [serving]: [
        "a slow client is disconnected when the headers of its request do not arrive in time",
        "a slow client is disconnected when it sends no further request",
      ],
    },
  },
  {
    guard: "sweep: expireOverdueOrders",
    file: "orders/src/index.ts",
    change: { "runPeriodically(seconds(5), expireOverdueOrders),": "" },
    red: { [runningOrders]: ["expires overdue orders without an event"] },
  },
  {
    guard: "sweep: forgetNetworks",
    file: "orders/src/index.ts",
    change: { "    runPeriodically(seconds(600), forgetNetworks),\n": "" },
    red: { "infra/sweeps.test.ts": ["orders registers each of its sweeps, measures and commands"] },
  },
  {
    guard: "measure: measureOverdue",
    file: "orders/src/index.ts",
    change: { "  measures: [measureOverdue],\n": "" },
    red: { "infra/sweeps.test.ts": ["orders registers each of its sweeps, measures and commands"] },
  },
  {
    guard: "sweep: finishCharging",
    file: payments,
    change: { "runPeriodically(seconds(5), finishCharging),": "" },
    red: {
      [runningPayments]: ["finishes an interrupted charge, although new payments use PaymentIntents"],
    },
  },
  {
    guard: "sweep: followOrders",
    file: payments,
    change: { "runPeriodically(seconds(5), followOrders),": "" },
    red: { [runningPayments]: ["settles a payment whose order is already complete"] },
  },
  {
    guard: "sweep: finishRefunds",
    file: payments,
    change: { "refundSweep,\n": "" },
    red: { [runningPayments]: ["completes a refund that is due"] },
  },
  {
    guard: "measure: measureUnfinished",
    file: payments,
    change: { "[measureUnfinished, measureComparisons]": "[measureComparisons]" },
    red: { [runningPayments]: ["reports how long a charge has been waiting for the outcome of its order"] },
  },
  {
    guard: "measure: measureComparisons",
    file: payments,
    change: { "[measureUnfinished, measureComparisons]": "[measureUnfinished]" },
    red: { [runningPayments]: ["reports how long a comparison with Stripe has been overdue"] },
  },
  {
    guard: "sweep: reconcileSweep",
    file: payments,
    change: { "    reconcileSweep,\n": "" },
    red: {
      [runningPayments]: ["reconciles with Stripe, and refunds the charge of a failed payment"],
    },
  },
  {
    guard: "sweep: the relay publishes stale events",
    file: "common/src/service/outbox-relay.ts",
    change: { "this.sweep.start();": "" },
    red: {
      "common/src/service/outbox-relay.failures.test.ts": [
        "waits while the broker is unavailable, and continues when it is back",
      ],
    },
  },
  {
    guard: "sweep: the clock follows the clock of the store",
    file: service,
    change: { "followClock.start();": "" },
    red: { [runningOrders]: ["keeps following the store's clock when its own jumps"] },
  },
  {
    guard: "nothing starts before the clock is synchronized with the store",
    file: service,
    change: { "      await clock.follow(store.time);\n": "" },
    red: {
      [runningOrders]: ["expires nothing early by the store's clock, whatever its own clock shows"],
    },
  },
  {
    guard: "a sweep continues after a failed run",
    file: "common/src/base/sweep.ts",
    change: {
      'logger.warn({ err: error, sweep: run.name }, "a sweep failed and will be retried");':
        "isStarted = false;",
    },
    red: { "common/src/base/sweep.test.ts": ["continues after a failed run"] },
  },
  {
    guard: "a failing document does not block the others of a sweep",
    file: "common/src/base/sweep.ts",
    change: { "if (!isVersionError(error))\n": "throw error;\n" },
    red: {
      "common/src/base/sweep.test.ts": ["handles each document independently"],
      "orders/src/expire-orders.test.ts": [
        "does not stop at an order that was paid while the sweep was cancelling it",
      ],
    },
  },
  {
    guard: "a stopping sweep starts no further document",
    file: "common/src/base/sweep.ts",
    change: { "stopping.abort();": "" },
    red: { "common/src/base/sweep.test.ts": ["skips the remaining documents when it stops"] },
  },
  {
    guard: "a stopping reconciliation starts no further item",
    file: "payments/src/compare.ts",
    change: { "    signal?.throwIfAborted();\n    await onItem?.();": "    await onItem?.();" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due stops between two refunds of late charges, and leaves the page to another process",
        "the comparison that is due stops between two look-ups of charges that no list showed, and leaves the page to another process",
      ],
    },
  },
  {
    guard: "a stopped reconciliation leaves its page to another process",
    file: "payments/src/reconcile.ts",
    change: { "await abandon(claimed);\n": "" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due stops between two refunds of late charges, and leaves the page to another process",
      ],
    },
  },
  {
    guard: "a stopping process removes no further batch of networks",
    file: "orders/src/forget-networks.ts",
    change: { "    signal?.throwIfAborted();\n": "" },
    red: {
      "orders/src/routes/create-order.limits.test.ts": ["a network is not removed by a process that stops"],
    },
  },
  {
    guard: "a sweep limits its concurrency",
    file: "common/src/base/sweep.ts",
    change: { "{ length: config.SWEEP_CONCURRENCY }": "{ length: 1 }" },
    red: {
      "common/src/base/sweep.test.ts": [
        "handles each of many documents once, with limited concurrency and memory",
      ],
    },
  },
  {
    guard: "a sweep uses its own random order",
    file: "common/src/base/sweep.ts",
    change: { "= shuffled(documents).values()": "= documents.values()" },
    red: {
      "common/src/base/sweep.test.ts": [
        "handles documents in random order, so that processes do not collide",
      ],
    },
  },
  {
    guard: "a stopped sweep is not considered complete",
    file: "common/src/base/sweep.ts",
    change: {
      "  await Promise.all(Array.from({ length: config.SWEEP_CONCURRENCY }, workOnNext));\n  signal?.throwIfAborted();":
        "  await Promise.all(Array.from({ length: config.SWEEP_CONCURRENCY }, workOnNext));",
    },
    red: {
      "common/src/base/sweep.test.ts": ["rejects if it is stopped before the last document"],
    },
  },
  {
    guard: "an operation on a frozen database times out",
    file: database,
    change: { "    timeoutMS: seconds(config.MONGO_TIMEOUT_SECONDS),\n": "" },
    red: {
      [frozen]: [
        "fails every operation on a frozen database as unavailable, and recovers afterwards",
        "fails a cursor when the database freezes between two batches",
      ],
    },
  },
  {
    guard: "a cursor may live longer than the operation timeout",
    file: "common/src/database/query-guards.ts",
    change: { 'this.setOptions({ timeoutMode: "iteration" });': ";" },
    red: { [frozen]: ["does not end a cursor whose documents take longer than an operation may"] },
  },
  {
    guard: "round trips to a database are measured on a connection that is replaced",
    file: database,
    change: { 'serverMonitoringMode: "poll",': 'serverMonitoringMode: "stream",' },
    red: {
      [frozen]: [
        "after the driver has connected to a frozen database for longer than an operation may last accepts operations, even if the driver could not connect once more",
      ],
    },
  },
  {
    guard: "a service is not ready without its indexes",
    file: "common/src/service/store.ts",
    change: { "await ensureIndexes(database);": "ensureIndexes(database).catch(() => {});" },
    red: { [runningOrders]: ["is not ready before the index that its first rule depends on is built"] },
  },
  {
    guard: "drain: before its parts are stopped",
    file: service,
    change: { "server.drain(), ": "" },
    red: { [stopping]: ["completes requests in flight when it is stopped"] },
  },
  {
    guard: "drain: readiness fails",
    file: serve,
    change: { 'if (isDraining) return json(res, 503, { status: "draining" });': "" },
    red: {
      [serving]: ["completes requests in flight before it is drained, and closes their connections"],
    },
  },
  {
    guard: "drain: requests in flight are completed",
    file: serve,
    change: { "if (pending.size === 0) server": "server" },
    red: {
      [serving]: ["completes requests in flight before it is drained, and closes their connections"],
    },
  },
  {
    guard: "stop: a service stops its parts in order",
    file: service,
    change: {
      "const sources = isOpen ? runtime.stopSources() : undefined;": "const sources = undefined;",
      "if (isOpen) await runtime.stop();": "",
    },
    red: { [stopping]: ["waits for its database, serves without the broker, and stops in order"] },
  },
  {
    guard: "measure: a service's own measurement that fails, or does not end, is reported",
    file: runtime,
    change: { "await withTimeout(measure(), seconds(2));": "void measure().catch(() => {});" },
    red: {
      "common/src/service/runtime.measure.test.ts": [
        "does not record that all was measured while a measure of the service fails, and measures the rest",
        "does not record that all was measured while a measure of the service does not end, and measures the rest",
      ],
    },
  },
  {
    guard: "stop: events in flight are handled",
    file: runtime,
    change: { "      ...this.subscriptions.map((subscription) => subscription.close()),\n": "" },
    red: {
      [runtimeTests]: ["handles events in flight and publishes their effects before it closes bus and store"],
    },
  },
  {
    guard: "stop: a running sweep is finished",
    file: runtime,
    change: { "      ...sweeps.map((sweep) => sweep.stop()),\n": "" },
    red: { [runtimeTests]: ["stops workers and sweeps, and publishes their events"] },
  },
  {
    guard: "stop: events and sweeps are finished while requests drain",
    file: service,
    change: { "const sources = isOpen ? runtime.stopSources() : undefined;": "const sources = undefined;" },
    red: { [stopping]: ["completes requests in flight when it is stopped"] },
  },
  {
    guard: "stop: waiting for the timer queue is limited",
    file: "expiration/src/expirations.ts",
    change: { "withTimeout(expirations().close(), seconds(5))": "expirations().close()" },
    red: {
      "expiration/src/redis.test.ts": ["stops while Redis does not respond to the completion of a job"],
    },
  },
  {
    guard: "stop: saved events are published",
    file: runtime,
    change: { "await this.relay?.stop();": "" },
    red: { [runtimeTests]: ["publishes saved events before it closes bus and store"] },
  },
  {
    guard: "client: a path to continue on has a limited length",
    file: "client/lib/safe-path.ts",
    change: { " || safe.length > maxLength": "" },
    red: { "client/lib/safe-path.test.ts": [`returns the front page for /?q=${"x".repeat(2_000)}`] },
  },
  {
    guard: "client: the cookie of a refused form has a limited length",
    file: "client/lib/refusal.ts",
    change: { 'email.length > maxEmailLength ? "" : email': "email" },
    red: {
      "client/lib/refusal.test.ts": ['stays short enough for browsers, whatever is entered: "東"'],
    },
  },
  {
    guard: "client: only forms about the own account are forwarded as such",
    file: "client/lib/account-request.ts",
    change: { "Object.hasOwn(requests, intent)": "intent in requests" },
    red: { "client/lib/account-request.test.ts": ['rejects "toString" as an intent'] },
  },
  {
    guard: "client: preview images: two are drawn at once",
    file: posterQueue,
    change: { "if (running < maxRunning) running": "if (running >= 0) running" },
    red: {
      [posterQueueTests]: ["draws two images at once, and the others in their order"],
      "client/lib/poster.memory.test.ts": [
        "stays below the memory limit of its container while 200 preview images are requested at once",
      ],
    },
  },
  {
    guard: "client: preview images: limit of those that wait",
    file: posterQueue,
    change: { "if (!kept && waiting.length >= MAX_PENDING_PREVIEWS)": "if (!kept && waiting.length < 0)" },
    red: {
      [posterQueueTests]: ["refuses an image when twenty wait, but none that another has requested"],
      "client/lib/poster.test.ts": ["responds with 503 when too many images are requested at once"],
    },
  },
  {
    guard: "client: preview images: everyone who requests one shares it",
    file: posterQueue,
    change: {
      "const kept = pictures.get(key);": "const kept = undefined as Promise<Picture> | undefined;",
    },
    red: {
      [posterQueueTests]: [
        "draws an image once for all who request it, and the oldest of more than a hundred again",
      ],
    },
  },
  {
    guard: "client: preview images: limit of those that are kept",
    file: posterQueue,
    change: { "pictures.size > MAX_KEPT_PREVIEWS": "pictures.size < 0" },
    red: {
      [posterQueueTests]: [
        "draws an image once for all who request it, and the oldest of more than a hundred again",
      ],
    },
  },
  {
    guard: "client: preview images: one that failed is drawn again",
    file: posterQueue,
    change: {
      "if (!kept) made.catch(() => pictures.delete(key));": "if (!kept) made.catch(() => undefined);",
    },
    red: { [posterQueueTests]: ["draws an image again after it could not be drawn, and the next one"] },
  },
  {
    guard: "drain: the client closes keep-alive connections",
    file: "client/lib/drain.ts",
    change: { "for (const server of servers) server.closeAllConnections();": "void 0;" },
    red: {
      "client/lib/drain.test.ts": ["completes requests in flight, then closes all connections"],
    },
  },
  {
    guard: "stop: a service ends although a request does not",
    file: "common/src/service/process.ts",
    change: { "}, seconds(config.SHUTDOWN_TIMEOUT)).unref();": "}, seconds(1000)).unref();" },
    red: { [stopping]: ["ends with 1 when a request keeps it from stopping in time"] },
  },
  {
    guard: "stop: the client ends although a request does not",
    file: "client/lib/drain.ts",
    change: { "}, timeoutMs).unref();": "}, 1_000_000).unref();" },
    red: { "client/lib/drain.test.ts": ["ends with 1 when a request keeps it from stopping in time"] },
  },
  {
    guard: "stop: tests see how a process ended",
    file: "infra/local/supervisor.ts",
    change: { "this.lastExit = how;": 'this.lastExit = "exit 0";' },
    red: {
      "infra/local/supervisor.test.ts": ["records that a program ended with exit 1 after a signal"],
      "infra/local/stack.test.ts": ["restarts a killed service on the same port, and records it"],
    },
  },
  {
    guard: "drain: the client completes requests in flight",
    file: "client/lib/drain.ts",
    change: { "if (pending.size === 0) for": "for" },
    red: {
      "client/lib/drain.test.ts": ["completes requests in flight, then closes all connections"],
    },
  },
];
