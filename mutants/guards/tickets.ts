import type { Mutant } from "../mutant";

const ticket = "tickets/src/models/ticket.ts";
const limits = "tickets/src/listing-limits.ts";
const followOrder = "tickets/src/follow-order.ts";
const following = "tickets/src/follow-order.test.ts";
const updating = "tickets/src/routes/update-ticket.test.ts";
const withdrawing = "tickets/src/routes/withdraw-ticket.test.ts";

const words = "tickets/src/words.ts";
const title = "tickets/src/title.ts";
const reindex = "tickets/src/reindex-titles.ts";
const searching = "tickets/src/routes/list-tickets.search.test.ts";
const streaming = "tickets/src/routes/stream-tickets.test.ts";
const listing = "tickets/src/routes/create-ticket.test.ts";
const changeLimits = "tickets/src/change-limits.test.ts";
const validating = "tickets/src/routes/validate-ticket.test.ts";
const reindexing = "tickets/src/reindex-titles.test.ts";

export const tickets: Mutant[] = [
  {
    guard: "a ticket that is reserved or sold cannot be edited",
    file: ticket,
    change: {
      "edit(details: TicketDetails): boolean {\n      if (this.orderId) throw reserved();":
        "edit(details: TicketDetails): boolean {",
    },
    red: {
      [updating]: ["refuses to change a ticket that is reserved", "refuses to change a ticket that is sold"],
    },
  },
  {
    guard: "a ticket that is reserved or sold cannot be withdrawn",
    file: ticket,
    change: {
      "if (this.withdrawn) return false;\n      if (this.orderId) throw reserved();":
        "if (this.withdrawn) return false;",
    },
    red: {
      [withdrawing]: [
        "refuses to withdraw a ticket that is reserved",
        "refuses to withdraw a ticket that is sold",
      ],
    },
  },
  {
    guard: "an edit that changes nothing publishes nothing",
    file: ticket,
    change: { "      if (!this.isModified()) return false;\n": "" },
    red: { [updating]: ["accepts an edit without changes, without an event or a write"] },
  },
  {
    guard: "a seller has a limit of edits per hour",
    file: "tickets/src/routes/update-ticket.ts",
    change: { 'await countEdit(userId, req.ip ?? "");': "" },
    red: {
      [updating]: ["limits the edits of a seller per hour, even when they are concurrent"],
    },
  },
  {
    guard: "only its seller changes a ticket",
    file: ticket,
    change: { "if (ticket.userId !== userId) throw new ForbiddenError();": "" },
    red: { [withdrawing]: ["responds with 403 to a user who is not the seller"] },
  },
  {
    guard: "derived reservation: the ticket is read before its orders",
    file: followOrder,
    change: {
      'const ticket = await Ticket.findById(ticketId).orFail();\n    await failpoint("tickets.derive.loaded");\n    while (await followOrders(ticket)) await ticket.save();':
        'const orders = await findLiveOrders(ticketId);\n    await failpoint("tickets.derive.loaded");\n    const ticket = await Ticket.findById(ticketId).orFail();\n    if (ticket.follow(orders)) await ticket.save();\n    while (await followOrders(ticket)) await ticket.save();',
    },
    red: { [following]: ["never releases a ticket that another order reserves at tickets.derive.loaded"] },
  },
  {
    guard: "derived reservation: computed again after each save",
    file: followOrder,
    change: { "while (await followOrders(ticket))": "if (await followOrders(ticket))" },
    red: { [following]: ["releases the ticket when its order is cancelled between read and save"] },
  },
  {
    guard: "derived reservation: a computation that loses a race is repeated",
    file: followOrder,
    change: {
      "  retryOnConflict(async () => {": "  ((work: () => Promise<void>) => work())(async () => {",
    },
    red: {
      [following]: [
        "never releases a ticket that another order reserves at tickets.derive.read",
        "keeps changes of the seller between read and save",
      ],
    },
  },
  {
    guard: "derived reservation: a paid order takes precedence over one that expires later",
    file: ticket,
    change: { "(complete ?? latest)?.id": "latest?.id" },
    red: {
      "tickets/src/listeners/orders.test.ts": [
        "keeps the ticket with the order that bought it when a later one arrives before",
      ],
    },
  },
  {
    guard: "effects on every delivery: orders in tickets",
    file: followOrder,
    change: {
      "import { applyOrder, ": "import { Order, applyOrder, ",
      "await applyOrder(order);":
        "if (await Order.exists({ _id: order.id, version: order.version })) return;\n  await applyOrder(order);",
    },
    red: {
      [following]: ["derives the reservation on redelivery after a crash"],
    },
  },
  {
    guard: "pruned orders: sold tickets stay sold",
    file: "tickets/src/models/ticket.ts",
    change: { "      if (this.sold) return false;\n": "" },
    red: {
      "tickets/src/models/order.test.ts": [
        "changes no ticket when its orders are pruned, whatever is redelivered",
      ],
    },
  },
  {
    guard: "pruned orders: a late live state reserves nothing",
    file: "tickets/src/models/order.ts",
    change: { "prunedBefore() + hours(1)) return;": "0) return;" },
    red: {
      "tickets/src/models/order.test.ts": [
        "changes no ticket when its orders are pruned, whatever is redelivered",
      ],
    },
  },
  {
    guard: "pruned orders: only ended orders",
    file: "tickets/src/models/order.ts",
    change: { "status: trusted({ $in: ended }), expiresAt": "expiresAt" },
    red: {
      "tickets/src/models/order.test.ts": ["prunes orders that ended more than 30 days ago, and no others"],
    },
  },
  {
    guard: "sweep: pruneOrders in tickets",
    file: "tickets/src/index.ts",
    change: { "  sweeps: [runPeriodically(minutes(1), pruneOrders)],\n": "" },
    red: { "tickets/src/index.test.ts": ["prunes old ended orders"] },
  },
  {
    guard: "search: only a prefix of a long word is stored",
    file: words,
    change: { "letters.slice(0, maxWordLetters).map((": "letters.map((" },
    red: { [searching]: ["stores few terms even of a title that is one word"] },
  },
  {
    guard: "search: the indexes of terms hold tickets on sale only",
    file: ticket,
    change: {
      "const available = { partialFilterExpression: { available: true } };": "const available = {};",
    },
    red: {
      [searching]: [
        "keeps withdrawn tickets out of the indexes of terms, and finds them in the seller's own list",
      ],
    },
  },
  {
    guard: "search: full case folding",
    file: words,
    change: { ".toLowerCase().toUpperCase().toLowerCase()": ".toLowerCase()" },
    red: {
      [searching]: ["finds a ticket by two letters for one", "finds a ticket by an undotted small letter"],
    },
  },
  {
    guard: "search: a query without words matches nothing",
    file: "tickets/src/routes/list-tickets.ts",
    change: {
      'q.trim() === "" ? undefined : queryTermsOf(q)':
        "queryTermsOf(q).length === 0 ? undefined : queryTermsOf(q)",
    },
    red: { [searching]: ["does not find a ticket by signs alone"] },
  },
  {
    guard: "search: a stream of a query without words shows nothing that is put on sale",
    file: "tickets/src/routes/stream-tickets.ts",
    change: { " && terms?.length !== 0;": ";" },
    red: {
      [streaming]: [
        "a ticket that is put on sale is not shown by a stream of a search without words",
        "a ticket that is put on sale is not shown by a stream of a search without words and without ids",
      ],
    },
  },
  {
    guard: "search: the terms of a title are computed once for all streams",
    file: words,
    change: { "if (latest?.title !== title) latest =": "latest =" },
    red: {
      [streaming]: ["a ticket that is put on sale has its search terms computed once for all searches"],
    },
  },
  {
    guard: "search: outdated terms are recognised",
    file: words,
    change: { "return [currentRules, ...": "return [..." },
    red: { [reindexing]: ["resumes after an interruption"] },
  },
  {
    guard: "reindexing: never overwrites the terms of a title edited in the meantime",
    file: reindex,
    change: { "filter: { _id, title }": "filter: { _id }" },
    red: { [reindexing]: ["never stores the terms of a previous title"] },
  },
  {
    guard: "unique index: one ticket on sale in each place of a seller",
    file: ticket,
    change: {
      "{ unique: true, partialFilterExpression: { ...onSale,": "{ partialFilterExpression: { ...onSale,",
    },
    red: { [listing]: ["limits the tickets on sale of a seller, even when requests are concurrent"] },
  },
  {
    guard: "a place counts only while its ticket is on sale",
    file: ticket,
    change: { "partialFilterExpression: { ...onSale, place": "partialFilterExpression: { place" },
    red: {
      [listing]: [
        "lets parallel requests use the place of a ticket that was withdrawn",
        "lets parallel requests use the place of a ticket that was sold",
      ],
    },
  },
  {
    guard: "tickets without a place count for the limit of their seller",
    file: limits,
    change: { "listed >= MAX_LISTINGS)": "listed < 0)" },
    red: { [listing]: ["counts tickets that an older version listed without a place"] },
  },
  {
    guard: "a seller has a limit of listings per day",
    file: limits,
    change: { "listedToday >= MAX_LISTINGS_PER_DAY)": "listedToday < 0)" },
    red: { [listing]: ["counts withdrawn tickets for a day"] },
  },
  {
    guard: "a network has a limit of listings per day",
    file: "tickets/src/change-limits.ts",
    change: { "config.MAX_LISTINGS_PER_NETWORK_PER_DAY": "Infinity" },
    red: {
      [changeLimits]: [
        "limits listings per day from an IPv4 address, however many sellers list in parallel",
        "limits listings per day from an IPv6 /64, however many sellers list in parallel",
      ],
    },
  },
  {
    guard: "a network has a limit of edits per hour",
    file: "tickets/src/change-limits.ts",
    change: { "config.MAX_EDITS_PER_NETWORK_PER_HOUR": "Infinity" },
    red: {
      [changeLimits]: [
        "limits edits per hour from an IPv4 address, however many sellers edit in parallel",
        "limits edits per hour from an IPv6 /64, however many sellers edit in parallel",
      ],
    },
  },
  {
    guard: "an IPv6 /48 has limits of listings and edits",
    file: "common/src/http/action-limits.ts",
    change: { "if (site !== network) ": "if (site === null) " },
    red: {
      [changeLimits]: ["limits listings per day from an IPv6 /48", "limits edits per hour from an IPv6 /48"],
    },
  },
  {
    guard: "a title has visible characters",
    file: title,
    change: { "if (!visible.test(title))": 'if (title === "")' },
    red: {
      [validating]: [
        "by post refuses a title of nothing but a zero-width space",
        "by put refuses a title of nothing but a blank braille pattern",
      ],
    },
  },
  {
    guard: "a title has no direction overrides and no control characters",
    file: title,
    change: { "if (refused.test(title))": 'if (title === "")' },
    red: {
      [validating]: [
        "by post refuses a title with an override of direction",
        "by put refuses a title with a null character",
      ],
    },
  },
  {
    guard: "the length of a title counts code points",
    file: title,
    change: { "Array.from(title).length": "title.length" },
    red: { [validating]: ["by post accepts a title with 200 emoji as it is"] },
  },
];
