import type { Mutant } from "../mutant";

const payment = "payments/src/models/payment.ts";
const attempts = "payments/src/models/attempts.ts";
const compare = "payments/src/compare.ts";
const charge = "payments/src/charge.ts";
const gateway = "payments/src/payment-gateway.ts";
const intents = "payments/src/intents.ts";
const intentGateway = "payments/src/intent-gateway.ts";
const byIntent = "payments/src/pay-by-intent.test.ts";
const asksIntents = "payments/src/intent-gateway.test.ts";
const intentMachine = "payments/src/models/payment.intents.test.ts";
const machine = "payments/src/models/payment.test.ts";
const charging = "payments/src/charge.test.ts";
const following = "payments/src/follow-order.test.ts";
const late = "payments/src/late-charges.test.ts";
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
    guard: "idempotency key of a charge",
    file: gateway,
    change: { "{ idempotencyKey: `charge-${paymentId}` }": "{}" },
    red: {
      [asking]: [
        "charge charges once for a payment, however often it is requested",
        "charge is unknown when the response is lost, and charges once when it is repeated",
      ],
      [charging]: ["charges once, and publishes it once, when it crashes after the card was charged"],
    },
  },
  {
    guard: "idempotency key of a refund",
    file: gateway,
    change: {
      "{ idempotencyKey: keptAnswers ? `refund-${paymentId}-${keptAnswers}` : `refund-${paymentId}` }": "{}",
    },
    red: {
      [asking]: ["refund uses, like the charge, a key derived from the payment, whichever process sends it"],
    },
  },
  {
    guard: "a refund is done when the gateway, not a proxy, confirms it",
    file: gateway,
    change: { 'refund.status !== "succeeded" && refund.status !== "pending"': 'refund.status === "failed"' },
    red: { [asking]: ["refund is unknown when a proxy responded instead of the gateway"] },
  },
  {
    guard: "a failing refund is retried with growing pauses",
    file: "payments/src/refund.ts",
    change: { "Math.max(attemptMs(), pauseAfter(payment.since, maxPauseMs))": "attemptMs()" },
    red: {
      "payments/src/refund.test.ts": ["retries with growing pauses, of 10 minutes at most, while it fails"],
    },
  },
  {
    guard: "a refund that was made before Stripe failed is found",
    file: gateway,
    change: { "isStripeFailure(error) && isKeptForKey(error) && (await isRefunded(stripeId))": "false" },
    red: {
      "payments/src/refund.test.ts": [
        "accepts a refund that was made by hand",
        "refunds once, within minutes, when Stripe failed after the work and repeats that for the key",
      ],
    },
  },
  {
    guard: "a refund whose failure Stripe repeats is requested with another key",
    file: "payments/src/refund.ts",
    change: { "isStripeFailure(error) && isKeptForKey(error)": "false as boolean" },
    red: {
      "payments/src/refund.test.ts": [
        "refunds once, within minutes, when Stripe failed before the work and repeats that for the key",
        "uses another key even if the process that saw the failure has crashed",
      ],
      [late]: ["retries a refund that failed and is repeated for its key"],
    },
  },
  {
    guard: "an unknown outcome is not treated as a decline",
    file: gateway,
    change: { "if (isFinal(error)) return": "if (error) return" },
    red: {
      [asking]: ["charge has failed when an error follows the work, and fails again when it is repeated"],
    },
  },
  {
    guard: "a charge that Stripe made before it failed is found while the order lives",
    file: charge,
    change: { 'result.outcome === "failed" ? await findCharge(payment) : undefined': "undefined" },
    red: {
      [charging]: [
        "finds, while the buyer waits, a charge for which Stripe repeats a failure",
        "finds it at a later attempt, within the order's time, when it could not be looked up",
      ],
    },
  },
  {
    guard: "the order is read after the charge was stored",
    file: charge,
    change: {
      "const followed = await followOrder(concluded.orderId, { payment: concluded });":
        "const followed = concluded as Payment | undefined;",
    },
    red: {
      [following]: [
        "an order that is cancelled between the response to the charge and storing it",
        "an order that is completed between the response to the charge and storing it",
      ],
    },
  },
  {
    guard: "a charge that succeeds after its payment has failed is refunded",
    file: charge,
    change: { 'if (concluded.state === "failed") await': 'if (concluded.state === "charging") await' },
    red: { [charging]: ["refunds a charge that succeeds after its payment has failed"] },
  },
  {
    guard: "no charge for an order that has ended",
    file: charge,
    change: { "!order.refusal() && ": "" },
    red: {
      [charging]: [
        "does not charge for an order that was cancelled in the meantime",
        "does not charge for an overdue order",
      ],
    },
  },
  {
    guard: "no charge is repeated once Stripe has forgotten its key",
    file: charge,
    change: { " && clock.now() - since.getTime() < keyLifetime": "" },
    red: {
      [charging]: ["finds a charge whose key Stripe has forgotten, instead of charging again"],
    },
  },
  {
    guard: "a charge or refund that may still get a response is not repeated",
    file: attempts,
    change: { "nextAttemptAt: trusted({ $not: { $gt: clock.date() } }),": "" },
    red: {
      "payments/src/refund.test.ts": ["sends one request when several processes refund concurrently"],
      [charging]: [
        "does not touch a payment that may still be waiting for Stripe",
        "sends one request when many processes finish the same charge concurrently",
      ],
    },
  },
  {
    guard: "a charge that is not listed may still appear",
    file: charge,
    change: { "if (isTooLate)": "if (isTooLate || true)" },
    red: {
      [charging]: [
        "does not conclude from a missing charge that there will be none",
        "fails a payment whose charge never appears, but not before the timeout",
      ],
    },
  },
  {
    guard: "an attempt without a response may have charged",
    file: charge,
    change: { 'isOpen: result.outcome !== "not-done"': "isOpen: false" },
    red: { [charging]: ["does not conclude from a missing charge that there will be none"] },
  },
  {
    guard: "every attempt is counted before it is made",
    file: attempts,
    change: { "...(openAttempts !== undefined && { $inc: { openAttempts: 1 } })": "" },
    red: { [charging]: ["does not forget an attempt that may have charged when a later one did nothing"] },
  },
  {
    guard: "no payment fails for which an attempt has begun",
    file: payment,
    change: { "this.$where = { ...this.$where, lastAttemptAt: this.lastAttemptAt ?? null };": "" },
    red: { [charging]: ["does not fail a payment for which an attempt has begun in the meantime"] },
  },
  {
    guard: "a charge is one request, which the library does not repeat",
    file: gateway,
    change: { "stripeClient(options, { httpClient: sendingOnce() })": "stripeClient(options)" },
    red: {
      [asking]: ["charge is unknown when the connection is cut, although a retry would be refused"],
    },
  },
  {
    guard: "a request that did nothing is repeated when the same token is sent again",
    file: "payments/src/pay.ts",
    change: { "next = await chargeAgain(current);": "return current;" },
    red: {
      [charging]: [
        "retries within the request, with the same key, a charge that was refused for too many requests",
        "retries a rejected charge when the same token is sent again",
      ],
    },
  },
  {
    guard: "late charges are looked for each hour, a day back",
    file: "payments/src/reconcile.ts",
    change: { "days: inDays(config.LATE_CHARGE_WINDOW)": "days: 0.25" },
    red: { [late]: ["refunds a charge that appears a day after it was made"] },
  },
  {
    guard: "another card is accepted where nothing can have charged",
    file: "payments/src/pay.ts",
    change: { "if (mayReplace && ": "if (!mayReplace && " },
    red: {
      "payments/src/pay.test.ts": [
        "accepts another card when the first one was rejected for too many requests and cannot be charged",
      ],
    },
  },
  {
    guard: "another card waits where an attempt may have charged",
    file: "payments/src/pay.ts",
    change: { " && other.openAttempts === 0": "" },
    red: { "payments/src/pay.test.ts": ["refuses another card while a payment is charging"] },
  },
  {
    guard: "a charge of a failed payment is refunded, however young",
    file: compare,
    change: { ' || payment?.state === "failed") await': ") await" },
    red: { [late]: ["refunds a charge that was made a moment ago"] },
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
    guard: "a payment that may still be charged is not shown as uncharged",
    file: "payments/src/routes/list-payments.ts",
    change: { "openAttempts !== 0;": "(openAttempts ?? 0) < 0;" },
    red: {
      "payments/src/routes/list-payments.test.ts": ["shows whether a failed payment may still be charged"],
    },
  },
  {
    guard: "only its buyer pays an order",
    file: "payments/src/models/order.ts",
    change: { "if (order.userId !== userId) throw new ForbiddenError();": "" },
    red: { "payments/src/routes/create-payment.test.ts": ["returns 403 for another user's order"] },
  },
  {
    guard: "reconcile ignores payments that have not ended",
    file: compare,
    change: {
      'payment ? payment.state === "failed"': 'payment ? payment.state !== "settled"',
      'if (state === "failed") return': 'if (state !== "settled") return',
    },
    red: {
      "payments/src/reconcile.test.ts": ["never touches a charge whose payment has not ended"],
    },
  },
  {
    guard: "reconcile: one process at a time",
    file: "payments/src/models/reconciliation.ts",
    change: { "nextDueAt: due, claimedUntil: due }": "nextDueAt: due }" },
    red: {
      "payments/src/reconcile.test.ts": [
        "the comparison that is due is continued by another process after a crash",
      ],
    },
  },
  {
    guard: "reconcile: a claim that was lost stores nothing",
    file: "payments/src/models/reconciliation.ts",
    change: {
      "Reconciliation.updateOne({ _id, claim }, change)": "Reconciliation.updateOne({ _id }, change)",
    },
    red: {
      "payments/src/reconcile.test.ts": [
        "the comparison that is due is not set back by a process that took too long over a page",
      ],
    },
  },
  {
    guard: "reconcile: resumes at its position",
    file: "payments/src/reconcile.ts",
    change: { "claimed.progress ?? beginning(schedule)": "beginning(schedule)" },
    red: {
      "payments/src/reconcile.test.ts": [
        "the comparison that is due resumes after a rejection at the rejected page, after a pause",
      ],
    },
  },
  {
    guard: "reconcile: what a list does not show is looked up",
    file: compare,
    change: {
      "const charge = await gateway().retrieve(stripeId);":
        "const charge = undefined as GatewayCharge | undefined;",
    },
    red: {
      "payments/src/reconcile.test.ts": ["looks up charges that no list showed, because that proves nothing"],
    },
  },
  {
    guard: "reconcile: partial refunds are seen",
    file: compare,
    change: { 'if (amountRefunded > 0 && state !== "refunding")': "if (amountRefunded < 0)" },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is reported when it refunded part of the price",
      ],
    },
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
  {
    guard: "an intent's create does not confirm it",
    modelMutants: ["confirmOnCreate"],
    file: intentGateway,
    change: {
      '{ ...terms, capture_method: "manual",': '{ ...terms, confirm: true, capture_method: "manual",',
    },
    red: { [asksIntents]: ["create creates one intent for a payment, which holds nothing"] },
  },
  {
    guard: "an intent whose create Stripe fails is created under another key",
    modelMutants: ["sameKey"],
    file: intents,
    change: { "return current.takeNextKey(keptAnswers);": "return false;" },
    red: {
      [byIntent]: [
        `is paid once, with one hold at a time, although Stripe's intent meets the fault {"kind":"fail"}`,
      ],
    },
  },
  {
    guard: "a failed payment's intent is canceled, because the browser could confirm it again",
    modelMutants: ["failUncancelled"],
    file: intents,
    change: { "payment.startVoid(declineReason)": "payment.confirmVoid()" },
    red: { [byIntent]: ["3-D Secure declines the payment when the buyer fails it"] },
  },
  {
    guard: "a capture that is refused permanently is followed by a cancel, which decides",
    modelMutants: ["failOnCaptureError"],
    file: intents,
    change: { "current.startVoid(result.reason)": "current.confirmVoid()" },
    red: {
      [byIntent]: [
        "the money is released when a capture is refused permanently",
        "the money is released when an order is cancelled after a late capture was refused, unless the money was captured",
      ],
    },
  },
  {
    guard: "an authorization that comes too late is voided",
    modelMutants: ["noVoid"],
    file: intents,
    change: {
      "order.isOverFor(payment.id) && payment.startVoid()":
        "order.isOverFor(payment.id) && payment.confirmVoid()",
    },
    red: {
      [byIntent]: [
        "a payment by an intent fails, and publishes that, when its order is cancelled while the money is held",
      ],
    },
  },
  {
    guard: "nothing is captured without a grant",
    modelMutants: ["captureUngranted"],
    file: intents,
    change: {
      "if (order.isGrantedTo(payment.id))": "if (order.isGrantedTo(payment.id) || order.version >= 0)",
    },
    red: {
      [byIntent]: ["a payment by an intent captures nothing for an order that is granted to another payment"],
    },
  },
  {
    guard: "a grant is to one payment",
    modelMutants: ["anonymousGrant"],
    file: "payments/src/models/order.ts",
    change: { " && this.paymentId === paymentId;": ";" },
    red: {
      [byIntent]: ["a payment by an intent captures nothing for an order that is granted to another payment"],
    },
  },
  {
    guard: "a request without a response fails no payment",
    modelMutants: ["failOnTimeout"],
    file: intents,
    change: {
      '      case "unknown":\n        return false;':
        '      case "unknown":\n        return current.confirmVoid();',
    },
    red: {
      [byIntent]: [
        `is paid once, with one hold at a time, although Stripe's capture meets the fault {"kind":"lose"}`,
      ],
    },
  },
  {
    guard: "a capture without a response is repeated",
    modelMutants: ["noCaptureSweep"],
    file: "payments/src/finish-intents.ts",
    change: {
      "duePayments(...intentPaymentStates)":
        'duePayments(...intentPaymentStates.filter((state) => state !== "capturing"))',
    },
    red: {
      [byIntent]: [
        "is paid once, with one hold at a time, although its process crashes at payments.capture.before, time 1",
      ],
    },
  },
  {
    guard: "what a webhook claims is not believed",
    modelMutants: ["believeWebhooks"],
    file: "payments/src/routes/receive-webhook.ts",
    change: {
      "await makeDue(payment);":
        'if (status === "requires_capture" && payment.authorize()) await payment.save();',
    },
    red: {
      "payments/src/routes/receive-webhook.test.ts": [
        "makes payments read the intent at once, and trusts only Stripe's response",
      ],
    },
  },
  {
    guard: "the failure of an authorized payment is published",
    modelMutants: ["silentFailure"],
    file: payment,
    change: {
      'if (this.isAnnounced) this.record("payment:failed");':
        'if (!this.pays && this.intentId === "") this.record("payment:failed");',
    },
    red: {
      [byIntent]: [
        "a payment by an intent fails, and publishes that, when its order is cancelled while the money is held",
      ],
    },
  },
  {
    guard: "a payment fails without a void only while no intent is stored",
    file: payment,
    change: {
      'if (this.intentId || !this.move("authorizing", "failed")) return false;':
        'if (!this.move("authorizing", "failed")) return false;',
    },
    red: { [intentMachine]: ["fails without a void only while no intent is stored"] },
  },
  {
    guard: "another token replaces a payment that waits for 3-D Secure",
    file: "payments/src/pay.ts",
    change: { 'other.state === "challenged" || other.state === "voiding"': 'other.state === "voiding"' },
    red: { [byIntent]: ["3-D Secure does not lock out a buyer who closed it: another token replaces it"] },
  },
  {
    guard: "a hold is not mistaken for a charge",
    file: gateway,
    change: { 'status === "succeeded" && captured;': 'status === "succeeded" && (captured || true);' },
    red: {
      [asking]: [
        "find and list does not mistake the hold of an intent for a charge, or its release for a refund",
      ],
    },
  },
  {
    guard: "sweep: finishIntents in payments",
    file: "payments/src/index.ts",
    change: { "    finishSweep,\n": "" },
    red: {
      "payments/src/index.test.ts": [
        "finishes an interrupted payment by an intent, although new payments are by charges",
      ],
    },
  },
  {
    guard: "reconcile: a hold of a payment that has not ended is not released",
    file: compare,
    change: { " || (state && !hasEnded(state))": "" },
    red: { "payments/src/reconcile.test.ts": ["a hold is left alone while its payment has not ended"] },
  },
];
