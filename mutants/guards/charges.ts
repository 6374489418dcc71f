import type { Mutant } from "../mutant";

const payment = "payments/src/models/payment.ts";
const attempts = "payments/src/models/attempts.ts";
const charge = "payments/src/charge.ts";
const gateway = "payments/src/payment-gateway.ts";
const charging = "payments/src/charge.test.ts";
const following = "payments/src/follow-order.test.ts";
const late = "payments/src/late-charges.test.ts";
const asking = "payments/src/payment-gateway.test.ts";

export const charges: Mutant[] = [
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
    guard: "a refund is done when Stripe, not a proxy, confirms it",
    file: gateway,
    change: { 'refund.status !== "succeeded" && refund.status !== "pending"': 'refund.status === "failed"' },
    red: { [asking]: ["refund is unknown when a proxy responded instead of Stripe"] },
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
    change: { 'result.outcome === "failed" ? await findCharge(payment, deadline) : undefined': "undefined" },
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
    change: { "next = await chargeAgain(current, deadline);": "return current;" },
    red: {
      [charging]: [
        "retries within the request, with the same key, a charge that was refused for too many requests",
        "retries a rejected charge when the same token is sent again",
      ],
    },
  },
  {
    guard: "another card is accepted where nothing can have charged",
    file: "payments/src/pay.ts",
    change: { "if (isFirst && ": "if (!isFirst && " },
    red: {
      "payments/src/pay.test.ts": [
        "accepts another card when the first one was rejected for too many requests and cannot be charged",
      ],
    },
  },
  {
    guard: "another card waits where an attempt may have charged",
    file: "payments/src/models/payment.ts",
    change: { "return payment.openAttempts === 0;": "return true;" },
    red: { "payments/src/pay.test.ts": ["refuses another card while a payment is charging"] },
  },
  {
    guard: "a payment that may still be charged is not shown as uncharged",
    file: "payments/src/routes/list-payments.ts",
    change: { "openAttempts !== 0;": "(openAttempts ?? 0) < 0;" },
    red: {
      "payments/src/routes/list-payments.test.ts": ["shows whether a failed payment may still be charged"],
    },
  },
];
