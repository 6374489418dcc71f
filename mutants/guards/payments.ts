import type { Mutant } from "../mutant";

const payment = "payments/src/models/payment.ts";
const machine = "payments/src/models/payment.test.ts";
const charging = "payments/src/charge.test.ts";
const following = "payments/src/follow-order.test.ts";
const cardLimits = "payments/src/card-limits.ts";
const cards = "payments/src/card-limits.test.ts";
const ofUser =
  "limits the cards of a user per hour, but neither a token that was sent nor the first card of an order";
const ofNetworks = ["an IPv4 address", "an IPv6 /64"].map(
  (network) => `limits cards per hour from ${network}, however many users pay in parallel`,
);
const ofSite = "limits cards per hour from an IPv6 /48";

/** The state from which an arrow leads is not looked at any more. */
const arrow = (name: string, from: string, to: string, red: Mutant["red"]): Mutant => ({
  guard: `${name} leads only from ${from}`,
  file: payment,
  change: { [`if (!this.move("${from}", "${to}")) return false;`]: `this.move(this.state, "${to}");` },
  red,
});

export const payments: Mutant[] = [
  {
    guard: "unique index: one live payment of an order",
    modelMutants: ["noUniqueIndex"],
    file: payment,
    change: { "{ pays: 1 }, { unique: true, ": "{ pays: 1 }, { " },
    red: {
      [machine]: ["is the only payment of its order, until it fails"],
      "payments/src/pay.test.ts": ["refuses another card while a payment is charging"],
    },
  },
  {
    guard: "unique index: the same token is the same payment",
    file: payment,
    change: { "{ orderId: 1, tokenHash: 1 }, { unique: true }": "{ orderId: 1, tokenHash: 1 }" },
    red: { [machine]: ["is the only payment of its order, until it fails"] },
  },
  arrow("confirmCharge", "charging", "charged", {
    [machine]: ["leaves failed only where it may"],
    [charging]: [
      "publishes the charge once when another process finishes it in the meantime",
      "refunds a charge that succeeds after its payment has failed",
    ],
  }),
  arrow("fail", "charging", "failed", { [machine]: ["leaves charged only where it may"] }),
  arrow("settle", "charged", "settled", { [machine]: ["leaves refunding only where it may"] }),
  arrow("startRefund", "charged", "refunding", { [machine]: ["leaves settled only where it may"] }),
  arrow("confirmRefund", "refunding", "refunded", { [machine]: ["leaves settled only where it may"] }),
  {
    guard: "rebuild releases an order from a payment that was declined later",
    file: payment,
    change: { "$unset: { pays: 1, token: 1 }": "$unset: { token: 1 }" },
    red: {
      "payments/src/rebuild.test.ts": [
        "restores the payment that succeeded, although the copy still has one charging that was declined later",
      ],
    },
  },
  {
    guard: "effects on every delivery: ended orders in payments",
    file: "payments/src/listeners/order-changed.ts",
    change: {
      "import { applyOrder,": "import { Order, applyOrder,",
      "await applyOrder(order);":
        "if (await Order.exists({ _id: order.id, version: order.version })) return;\n  await applyOrder(order);",
    },
    red: {
      [following]: ["cancelled", "completed"].map(
        (verdict) =>
          `an order that is ${verdict} although the listener crashes after storing the order, when the event is redelivered`,
      ),
    },
  },
  {
    guard: "only its buyer pays an order",
    file: "payments/src/models/order.ts",
    change: { "if (order.userId !== userId) throw new ForbiddenError();": "" },
    red: { "payments/src/routes/create-payment.test.ts": ["returns 403 for another user's order"] },
  },
  {
    guard: "unique index: the second card of an order is counted",
    file: payment,
    change: { "unique: true, partialFilterExpression: { isFirst": "partialFilterExpression: { isFirst" },
    red: { [cards]: [ofUser, ...ofNetworks, ofSite] },
  },
  {
    guard: "a user has a limit of other cards per hour",
    file: cardLimits,
    change: { "config.MAX_OTHER_CARDS_PER_HOUR": "Infinity" },
    red: { [cards]: [ofUser] },
  },
  {
    guard: "a network has a limit of other cards per hour",
    file: cardLimits,
    change: { "config.MAX_OTHER_CARDS_PER_NETWORK_PER_HOUR": "Infinity" },
    red: { [cards]: ofNetworks },
  },
  {
    guard: "an IPv6 /48 has a limit of other cards per hour",
    file: cardLimits,
    change: { "config.MAX_OTHER_CARDS_PER_SITE_PER_HOUR": "Infinity" },
    red: { [cards]: [ofSite] },
  },
  {
    guard: "a token that was sent is not counted again",
    file: "payments/src/pay.ts",
    change: { "if (await findPayment(orderId, token)) return false;": "" },
    red: { [cards]: [ofUser] },
  },
  {
    guard: "no card is counted while another payment is in progress",
    file: "payments/src/pay.ts",
    change: {
      "  if (other && !mayBeReplaced(other)) return false;\n": "",
      "return !other || replace(other, deadline);":
        "return !other || (mayBeReplaced(other) && replace(other, deadline));",
    },
    red: { [cards]: ["does not count cards while another payment is in progress"] },
  },
  {
    guard: "pruned orders: none with a payment",
    file: "payments/src/models/order.ts",
    change: { "if (paid.length > 0) await": "if (paid.length < 0) await" },
    red: {
      "payments/src/models/order.test.ts": [
        "prunes orders that were cancelled more than 30 days ago and have no payment, and no others",
      ],
    },
  },
  {
    guard: "sweep: pruneOrders in payments",
    file: "payments/src/index.ts",
    change: { "    runPeriodically(minutes(1), pruneOrders),\n": "" },
    red: { "payments/src/index.test.ts": ["prunes orders that were cancelled long ago"] },
  },
];
