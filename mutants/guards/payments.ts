import type { Mutant } from "../mutant";

const payment = "payments/src/models/payment.ts";
const charge = "payments/src/charge.ts";
const gateway = "payments/src/payment-gateway.ts";
const machine = "payments/src/models/payment.test.ts";
const charging = "payments/src/charge.test.ts";
const following = "payments/src/follow-order.test.ts";
const asking = "payments/src/payment-gateway.test.ts";

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
    file: payment,
    change: { "{ pays: 1 }, { unique: true, ": "{ pays: 1 }, { " },
    red: {
      [machine]: ["is the only one that pays its order, until it fails"],
      "payments/src/pay.test.ts": ["refuses another card while a payment is charging"],
    },
  },
  {
    guard: "unique index: the same token is the same payment",
    file: payment,
    change: { "{ orderId: 1, tokenHash: 1 }, { unique: true }": "{ orderId: 1, tokenHash: 1 }" },
    red: { [machine]: ["is the only one that pays its order, until it fails"] },
  },
  arrow("confirmCharge", "charging", "charged", {
    [machine]: ["goes from failed only where it may"],
    [charging]: [
      "says once that the card was charged when another process finishes the same charge meanwhile",
      "gives a charge back that came through after it was given up",
    ],
  }),
  arrow("fail", "charging", "failed", {
    [machine]: ["goes from charged only where it may"],
    [charging]: ["does not give a payment up whose charge comes through meanwhile"],
  }),
  arrow("settle", "charged", "settled", { [machine]: ["goes from refunding only where it may"] }),
  arrow("giveBack", "charged", "refunding", { [machine]: ["goes from settled only where it may"] }),
  arrow("confirmRefund", "refunding", "refunded", { [machine]: ["goes from settled only where it may"] }),
  {
    guard: "recall takes an order from a card that was refused later",
    file: payment,
    change: { "$unset: { pays: 1, token: 1 }": "$unset: { token: 1 }" },
    red: {
      "payments/src/recall.test.ts": [
        "brings back the card that paid, though the copy still charges one that was refused afterwards",
      ],
    },
  },
  {
    guard: "idempotency key of a charge",
    file: gateway,
    change: { "{ idempotencyKey: `charge-${paymentId}` }": "{}" },
    red: {
      [asking]: [
        "charge charges once for a payment, however often it is asked",
        "charge is unknown when the answer is lost, and charges once when it is asked again",
      ],
      [charging]: ["charges once, and says so once, when it crashes after the card was charged"],
    },
  },
  {
    guard: "idempotency key of a refund",
    file: gateway,
    change: { "{ idempotencyKey: `refund-${paymentId}` }": "{}" },
    red: {
      [asking]: [
        "refund asks, as the charge did, under a key that is the payment's own, whichever process asks",
      ],
    },
  },
  {
    guard: "a refund is done when the gateway says so, not a proxy",
    file: gateway,
    change: { 'refund.status !== "succeeded" && refund.status !== "pending"': 'refund.status === "failed"' },
    red: { [asking]: ["refund is not known when somebody on the way answered instead of the gateway"] },
  },
  {
    guard: "money that went back already counts as given back",
    file: gateway,
    change: { '!isStripeFailure(error) || error.code !== "charge_already_refunded"': "error" },
    red: { "payments/src/refund.test.ts": ["is content when somebody gave it back by hand"] },
  },
  {
    guard: "an answer that is not known is not taken for a decline",
    file: gateway,
    change: { "if (isFinal(error)) return": "if (error) return" },
    red: { [charging]: ["charges once when the answer got lost"] },
  },
  {
    guard: "the order is read after the charge was written down",
    file: charge,
    change: { "await followOrder(payment.orderId);": "" },
    red: {
      [following]: [
        "an order that is cancelled between the card's answer and writing it down",
        "an order that is completed between the card's answer and writing it down",
      ],
    },
  },
  {
    guard: "a charge that comes after its payment was given up goes back",
    file: charge,
    change: { 'if (payment.state === "failed") await': 'if (payment.state === "charging") await' },
    red: { [charging]: ["gives a charge back that came through after it was given up"] },
  },
  {
    guard: "nobody charges for an order that is over",
    file: charge,
    change: { "!order.refusal() && ": "" },
    red: {
      [charging]: [
        "does not charge for an order that was cancelled in the meantime",
        "does not charge for an order whose time is over",
      ],
    },
  },
  {
    guard: "nobody asks again once Stripe has forgotten the key",
    file: charge,
    change: { " && clock.now() - payment.since.getTime() < keyLifetime": "" },
    red: {
      [charging]: ["finds a charge that Stripe would not recognise any more, instead of charging again"],
    },
  },
  {
    guard: "a charge that may still be answered is left alone",
    file: charge,
    change: { "clock.now() - 2 * gatewayTimeout()": "clock.now() + 1" },
    red: { [charging]: ["leaves a payment alone that may still be waiting for the card"] },
  },
  ...["cancelled", "completed"].map((verdict): Mutant => ({
    guard: `effects on every delivery: order:${verdict} in payments`,
    file: `payments/src/listeners/order-${verdict}.ts`,
    change: {
      "import { applyOrder }": "import { Order, applyOrder }",
      "await applyOrder(order);":
        "if (await Order.exists({ _id: order.id, version: order.version })) return;\n  await applyOrder(order);",
    },
    red: {
      [following]: [
        `an order that is ${verdict} although the listener crashes once it has written it down, when the event comes again`,
      ],
    },
  })),
  {
    guard: "only its buyer pays an order",
    file: "payments/src/models/order.ts",
    change: { "if (order.userId !== userId) throw new ForbiddenError();": "" },
    red: { "payments/src/routes/create-payment.test.ts": ["answers 403 for somebody else's order"] },
  },
  {
    guard: "reconcile leaves alone what may still come to its end",
    file: "payments/src/reconcile.ts",
    change: {
      'payment ? payment.state === "failed"': 'payment ? payment.state !== "settled"',
      'if (payment.state === "failed") return': 'if (payment.state !== "settled") return',
    },
    red: {
      "payments/src/reconcile.test.ts": ["never touches a charge whose payment has not come to its end"],
    },
  },
];
