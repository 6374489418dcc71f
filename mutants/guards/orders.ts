import type { Mutant } from "../mutant";

const order = "orders/src/models/order.ts";
const createOrder = "orders/src/routes/create-order.ts";
const creating = "orders/src/routes/create-order.test.ts";
const repeating = "orders/src/routes/create-order.repeated.test.ts";
const limits = "orders/src/reservation-limits.ts";
const limiting = "orders/src/routes/create-order.limits.test.ts";
const cancelling = "orders/src/routes/cancel-order.test.ts";
const completing = "orders/src/listeners/payments.test.ts";
const following = "orders/src/follow-payments.test.ts";
const expiring = "orders/src/expire-orders.test.ts";
const listSales = "orders/src/routes/list-sales.ts";
const selling = "orders/src/routes/list-sales.test.ts";

export const orders: Mutant[] = [
  {
    guard: "unique index: one reservation of a ticket",
    file: order,
    change: {
      "{ unique: true, partialFilterExpression: { reserves: { $exists: true } } }":
        "{ partialFilterExpression: { reserves: { $exists: true } } }",
    },
    red: { [creating]: ["refuses a ticket that another buyer reserves between the check and the save"] },
  },
  {
    guard: "a cancellation releases the ticket in the same write",
    file: order,
    change: { "this.reserves = undefined;": "" },
    red: { [creating]: ["sells a ticket again when its order was cancelled"] },
  },
  {
    guard: "cancel rejects a paid order",
    file: order,
    change: { 'if (this.status === "complete")\n        throw': "if (Date.now() < 0)\n        throw" },
    red: {
      [cancelling]: [
        "refuses to cancel a paid order",
        "detects that the order was paid while it was being cancelled",
      ],
    },
  },
  {
    guard: "cancel does not change a cancelled order",
    file: order,
    change: { 'if (this.status === "cancelled") return false;': "" },
    red: { [cancelling]: ["returns 204 again and publishes nothing the second time"] },
  },
  {
    guard: "complete does not change a cancelled order",
    file: order,
    change: { "if (!this.isLive()) return false;": "" },
    red: {
      [completing]: [
        "leaves a cancelled order cancelled: payments refunds the charge",
        "keeps a cancellation that was saved first",
      ],
    },
  },
  {
    guard: "a cancellation that loses a race is retried",
    file: "orders/src/routes/cancel-order.ts",
    change: {
      "await retryOnConflict(async () => {":
        "await (async (work: () => Promise<void>) => work())(async () => {",
    },
    red: { [cancelling]: ["detects that the order was paid while it was being cancelled"] },
  },
  {
    guard: "a decision about a payment that lost a race is made again",
    file: "orders/src/follow-payments.ts",
    change: { "retryOnConflict(async": "((work: () => Promise<void>) => work())(async" },
    red: { [completing]: ["keeps a cancellation that was saved first"] },
  },
  {
    guard: "expiry checks again whether the order is overdue",
    file: order,
    change: { '"created" && this.isOverdue() && this.cancel': '"created" && this.cancel' },
    red: { [expiring]: ["leaves an order to the sweep when the wait ends early"] },
  },
  {
    guard: "expiry: one order that cannot be cancelled does not delay the others",
    file: "orders/src/expire-orders.ts",
    change: { "if (isTransient(error)) throw error;": "throw error;" },
    red: {
      [expiring]: [
        "orders that expire together do not affect each other: one that does not exist, one that cannot be saved, one that is paid in the meantime",
      ],
    },
  },
  {
    guard: "expiry: a database that does not respond is not queried for each order",
    file: "orders/src/expire-orders.ts",
    change: { "      if (isTransient(error)) throw error;\n": "" },
    red: { [expiring]: ["orders that expire together all fail at once when the database does not respond"] },
  },
  {
    guard: "expiry does not cancel a granted order",
    modelMutants: ["expireGranted"],
    file: order,
    change: {
      'this.status === "created" && this.isOverdue() && this.cancel("expired")':
        'this.isOverdue() && this.end("expired")',
    },
    red: { [expiring]: ["does not cancel an order that is granted to a payment, however overdue"] },
  },
  {
    guard: "a granted order is not cancelled by its buyer",
    modelMutants: ["cancelGranted"],
    file: order,
    change: {
      'if (this.status === "awaiting:payment")\n        throw': "if (Date.now() < 0)\n        throw",
    },
    red: { [cancelling]: ["refuses to cancel an order while its payment is captured"] },
  },
  {
    guard: "a grant names its payment, and only that one decides about it",
    file: order,
    change: { "payments.find(({ id }) => id === this.paymentId)": "payments[0]" },
    red: { [following]: ["an order is not released by the failure of another payment"] },
  },
  {
    guard: "an overdue order is not granted",
    file: order,
    change: { "authorized !== undefined && !this.isOverdue() && ": "authorized !== undefined && " },
    red: { [following]: ["an order is not granted when it is overdue"] },
  },
  {
    guard: "an authorized payment completes nothing",
    modelMutants: ["completeBeforeCapture"],
    file: order,
    change: { "this.grant(authorized.id)": "this.complete(authorized.id)" },
    red: { [following]: ["an order is granted to an authorized payment, and publishes that once"] },
  },
  {
    guard: "orders reads the payments again after it has saved",
    modelMutants: ["followOnce"],
    file: "orders/src/follow-payments.ts",
    change: { "const maxChanges = 10;": "const maxChanges = 1;" },
    red: {
      [following]: ["an order is granted to the next payment by the delivery that releases it"],
    },
  },
  {
    guard: "sweep: orders follows payments",
    file: "orders/src/index.ts",
    change: { "    runPeriodically(seconds(5), followAllPayments),\n": "" },
    red: { "orders/src/index.test.ts": ["follows a payment whose event had no effect"] },
  },
  {
    guard: "the measured overdue orders are overdue",
    file: order,
    change: {
      '  status: "created" as const,\n  expiresAt: trusted({ $lte: clock.date() }),\n':
        '  status: "created" as const,\n',
    },
    red: {
      "orders/src/measure-overdue.test.ts": [
        "reports how long the oldest reservation has been overdue, until it is ended",
      ],
    },
  },
  {
    guard: "an outdated price is rejected",
    file: createOrder,
    change: { "price !== undefined && price !== ticket.price": "price === -1" },
    red: { [creating]: ["returns 409 price-changed when the buyer was shown another price"] },
  },
  {
    guard: "a withdrawn ticket is rejected",
    file: createOrder,
    change: { "if (ticket.withdrawn)": "if (price === -1)" },
    red: { [creating]: ["refuses a withdrawn ticket"] },
  },
  {
    guard: "index: live orders are counted without reading past ones",
    file: order,
    change: { "{ userId: 1, status: 1, expiresAt: 1 }": "{ userId: 1, expiresAt: 1 }" },
    red: {
      "orders/src/models/order.test.ts": [
        "finds a buyer's live orders without reading their past ones or other buyers' orders",
      ],
    },
  },
  {
    guard: "only the buyer can access an order",
    file: order,
    change: { "if (order.userId !== userId) throw new ForbiddenError();": "" },
    red: { [cancelling]: ["returns 403 for another user's order"] },
  },
  {
    guard: "a repeated request returns the buyer's existing order",
    file: createOrder,
    change: { "if (order.userId !== userId) throw": "if (order.id) throw" },
    red: {
      [repeating]: [
        "responds to a repeated request with the order that the first one created",
        "responds to 20 parallel requests of one buyer with the same order",
        "finds its own order when the outcome of the insert was lost",
      ],
    },
  },
  {
    guard: "an order that loses the race for its ticket looks for an existing order of the buyer",
    file: createOrder,
    change: { "if (held) return held;": 'if (held) throw new BadRequestError("ticket-reserved", "");' },
    red: {
      [repeating]: ["responds with the order that a parallel request saves between the check and the save"],
    },
  },
  {
    guard: "a buyer holds no more live reservations than the limit",
    file: limits,
    change: { "others.length - unpaid >= MAX_RESERVATIONS": "others.length < 0" },
    red: { [creating]: ["rejects an eleventh live reservation, and accepts it once another has ended"] },
  },
  {
    guard: "an order that is requested again does not count against the limit",
    file: limits,
    change: { "reserves === ticketId;": "reserves === userId;" },
    red: { [repeating]: ["responds to 20 parallel requests of one buyer with the same order"] },
  },
  {
    guard: "unique index: one live order per place of a network",
    file: order,
    change: {
      "{ unique: true, partialFilterExpression: { place: { $exists: true } } }":
        "{ partialFilterExpression: { place: { $exists: true } } }",
    },
    red: { [limiting]: ["a network holds no more than its places, however many of its users order at once"] },
  },
  {
    guard: "unique index: one live order per place of a site",
    file: order,
    change: {
      "{ unique: true, partialFilterExpression: { placeInSite: { $exists: true } } }":
        "{ partialFilterExpression: { placeInSite: { $exists: true } } }",
    },
    red: {
      [limiting]: [
        "a site is an IPv6 /48, and holds no more than its places, however many of its networks order at once",
      ],
    },
  },
  {
    guard: "a cancelled order frees its place",
    file: order,
    change: { "in the same write\n      this.freePlaces();": "in the same write" },
    red: { [limiting]: ["a network regains a place when an order is cancelled"] },
  },
  {
    guard: "an order that ends frees its place in the site",
    file: order,
    change: { "this.placeInSite = undefined;": "" },
    red: {
      [limiting]: [
        "a site regains a place when an order is cancelled",
        "a site regains a place when an order is complete",
      ],
    },
  },
  {
    guard: "an IPv4 address is in no site",
    file: createOrder,
    change: { "site === network ? buyer : ": "" },
    red: { [limiting]: ["a site is not stored for an IPv4 address"] },
  },
  {
    guard: "unpaid reservations delay the next one",
    file: limits,
    change: { "if (restMs <= 0) return;": "if (restMs > 0) return;" },
    red: {
      [limiting]: [
        "after reservations that ended unpaid a buyer waits, twice as long after each further one, and may then order again",
      ],
    },
  },
  {
    guard: "unpaid reservations of a site delay the next one",
    file: limits,
    change: { "if (site) await countUnpaid(": "if (!site) await countUnpaid(" },
    red: {
      [limiting]: [
        "after reservations that ended unpaid others in the site wait only when the site has had too many",
      ],
    },
  },
  {
    guard: "index: unpaid reservations of a site are counted without reading others",
    file: order,
    change: { "{ site: 1, status: 1, expiresAt: 1 }": "{ site: 1 }" },
    red: {
      "orders/src/models/order.test.ts": [
        "finds the latest unpaid reservation of a site without reading the others",
        "finds the networks and sites to forget without reading recent orders",
      ],
    },
  },
  {
    guard: "the wait begins with the latest unpaid reservation",
    file: limits,
    change: { ".sort({ expiresAt: -1 })": ".sort({ expiresAt: 1 })" },
    red: {
      [limiting]: [
        "after reservations that ended unpaid a buyer waits from the latest of any number of them",
      ],
    },
  },
  {
    guard: "networks of orders are removed after an hour",
    file: "orders/src/forget-networks.ts",
    change: { "{ $unset: forgotten }": "{}" },
    red: { [limiting]: ["a network is stored as a pseudonym, not published, and removed an hour later"] },
  },
  {
    guard: "a site is removed even if the network already is",
    file: "orders/src/forget-networks.ts",
    change: { "      { site: exists, expiresAt },\n": "" },
    red: {
      [limiting]: ["a site is also removed when a process of an older version has removed the network"],
    },
  },
  {
    guard: "sales: a seller sees their own only",
    file: listSales,
    change: { "...salesOf(currentUser(req).id)": 'status: "complete"' },
    red: { [selling]: ["lists what the caller has sold, with the order and its price, but not the buyer"] },
  },
  {
    guard: "sales: a seller does not see the buyer",
    file: listSales,
    change: { "shown.map(({ id, ticket, createdAt }) => ({ id, ticket, createdAt }))": "shown" },
    red: { [selling]: ["lists what the caller has sold, with the order and its price, but not the buyer"] },
  },
  {
    guard: "sales: only complete orders",
    file: order,
    change: { '({ sellerId, status: "complete" as const })': "({ sellerId })" },
    red: { [selling]: ["lists neither reservations nor cancelled orders"] },
  },
  {
    guard: "sales: a rebuilt order gets its seller again",
    file: "orders/src/name-sellers.ts",
    change: { "if (sold)": "if (!sold)" },
    red: { [selling]: ["lists a sale that was stored without its seller once the sweep has set the seller"] },
  },
  {
    guard: "sweep: prunePayments in orders",
    file: "orders/src/index.ts",
    change: { "    runPeriodically(minutes(1), prunePayments),\n": "" },
    red: { "orders/src/index.test.ts": ["prunes payments that were stored long ago"] },
  },
  {
    guard: "pruned payments: none of a live or unknown order",
    file: "orders/src/prune-payments.ts",
    change: { "orderId: trusted({ $in: over.map(({ id }) => id) })": "orderId: trusted({ $in: orderIds })" },
    red: {
      "orders/src/prune-payments.test.ts": [
        "prunes payments that were stored more than 30 days ago and whose order has ended, and no others",
        "grants a live order to its payment, however old that is",
      ],
    },
  },
  {
    guard: "pruned payments: those that are kept do not hide the others",
    file: "orders/src/prune-payments.ts",
    change: { "lastOfMany?.createdAt ?? new Date(0)": "new Date(0)" },
    red: {
      "orders/src/prune-payments.test.ts": ["reaches old payments behind any number of those that it keeps"],
    },
  },
  {
    guard: "pruned payments: none that is young",
    file: "orders/src/prune-payments.ts",
    change: { "$gte: position, $lt: before": "$gte: position" },
    red: {
      "orders/src/prune-payments.test.ts": [
        "prunes payments that were stored more than 30 days ago and whose order has ended, and no others",
      ],
    },
  },
];
