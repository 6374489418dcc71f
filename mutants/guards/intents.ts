import type { Mutant } from "../mutant";

const payment = "payments/src/models/payment.ts";
const gateway = "payments/src/payment-gateway.ts";
const intents = "payments/src/intents.ts";
const intentGateway = "payments/src/intent-gateway.ts";
const byIntent = "payments/src/pay-by-intent.test.ts";
const asksIntents = "payments/src/intent-gateway.test.ts";
const intentMachine = "payments/src/models/payment.intents.test.ts";
const asking = "payments/src/payment-gateway.test.ts";
const updates = "payments/src/payment-updates.ts";
const updatesTest = "payments/src/payment-updates.test.ts";

const webhook = "payments/src/routes/receive-webhook.ts";
const webhookTest = "payments/src/routes/receive-webhook.test.ts";
const unfinished = "payments/src/measure-unfinished.test.ts";
const deadline = "payments/src/deadline.test.ts";

export const paymentIntents: Mutant[] = [
  {
    guard: "no request about an intent lasts longer than the response of the buyer may take",
    file: intentGateway,
    change: { "Math.min(options.timeoutMs, deadline - clock.now())": "options.timeoutMs" },
    red: {
      [deadline]: [
        "leaves the outcome of another card open when the response is due",
        "begins no request to Stripe when the response is due",
        "does not wait for the secret of 3-D Secure when the response is due",
        "ends the search for an intent at the deadline",
      ],
    },
  },
  {
    guard: "the search for a charge ends when the response to the buyer is due",
    file: "payments/src/payment-gateway.ts",
    change: { "Math.min(options.timeoutMs, Math.ceil(deadline - clock.now()))": "options.timeoutMs" },
    red: { [deadline]: ["ends the search for a charge at the deadline"] },
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
    guard: "3-D Secure that is passed late is noticed without a webhook, within seconds",
    file: intents,
    change: { 'seconds(state === "challenged" ? 10 : 5)': 'seconds(state === "challenged" ? 60 : 5)' },
    red: { [byIntent]: ["3-D Secure is found to be passed within ten seconds, however late"] },
  },
  {
    guard: "an old decline voids no good hold",
    file: intents,
    change: { "result.intent, current.state === state)": "result.intent, true)" },
    red: { [byIntent]: ["3-D Secure keeps a hold that is stored before an older decline arrives"] },
  },
  {
    guard: "a payment whose capture has failed does not wait for 3-D Secure",
    modelMutants: ["captureAwaits3DSecure"],
    file: intents,
    change: { 'if (payment.state === "capturing") return isCurrent && payment.startVoid();': "" },
    red: {
      [byIntent]: ["the money is released when 3-D Secure is required again after a capture has failed"],
    },
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
        "a PaymentIntent payment fails, and publishes that, when its order is cancelled while the money is held",
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
      [byIntent]: [
        "a PaymentIntent payment captures nothing for an order that is granted to another payment",
      ],
    },
  },
  {
    guard: "a grant is to one payment",
    modelMutants: ["anonymousGrant"],
    file: "payments/src/models/order.ts",
    change: { " && this.paymentId === paymentId;": ";" },
    red: {
      [byIntent]: [
        "a PaymentIntent payment captures nothing for an order that is granted to another payment",
      ],
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
    file: webhook,
    change: {
      "await makeDue(payment);":
        'if (status === "requires_capture" && payment.authorize()) await payment.save();',
    },
    red: {
      [webhookTest]: ["makes payments read the intent at once, and trusts only Stripe's response"],
    },
  },
  {
    guard: "webhooks: a body that Stripe has not signed is rejected",
    file: webhook,
    change: { "!secrets.some((secret) => isSigned(req.body, signature, secret))": 'signature === ""' },
    red: {
      [webhookTest]: [
        "accepts the previous secret, so that it can be rotated, and no other",
        "refuses a body that differs from the signed one, and one without a signature",
      ],
    },
  },
  {
    guard: "webhooks: the previous secret is accepted during a rotation",
    file: webhook,
    change: {
      "[config.STRIPE_WEBHOOK_SECRET, config.STRIPE_WEBHOOK_SECRET_PREVIOUS]":
        "[config.STRIPE_WEBHOOK_SECRET]",
    },
    red: { [webhookTest]: ["accepts the previous secret, so that it can be rotated, and no other"] },
  },
  {
    guard: "webhooks: an old signature, or one from the future, is rejected",
    file: webhook,
    change: { "Math.abs(clock.now() - signedAt) <= toleranceMs": "signedAt > 0" },
    red: {
      [webhookTest]: ["rejects signatures more than five minutes old, or in the future, by our own clock"],
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
        "a PaymentIntent payment fails, and publishes that, when its order is cancelled while the money is held",
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
    file: payment,
    change: { 'return payment.state === "challenged" || ': "return " },
    red: { [byIntent]: ["3-D Secure does not lock out a buyer who closed it: another token replaces it"] },
  },
  {
    guard: "another token replaces an intent for which Stripe did nothing",
    file: payment,
    change: { "return payment.openRequests === 0;": "return false;" },
    red: {
      [byIntent]: [
        "another card pays when Stripe rejects each request of the first one: intent",
        "another card pays when Stripe rejects each request of the first one: confirm",
      ],
    },
  },
  {
    guard: "another token waits while a request may have held money",
    file: payment,
    change: { "return payment.openRequests === 0;": "return true;", ", openRequests: 0 };": " };" },
    red: {
      [byIntent]: [
        `another card waits if one request may have been executed: confirm, {"kind":"fail"}`,
        "another card waits while the request that began the first one is in progress",
        "another card waits for a payment that an older version of this service created",
      ],
    },
  },
  {
    guard: "another token waits when a request begins while the first one is being replaced",
    file: payment,
    change: { ", openRequests: 0 };": " };" },
    red: {
      [byIntent]: ["another card waits when a request of the first one begins while it is being replaced"],
    },
  },
  {
    guard: "every request that may hold money is counted before it is sent",
    file: "payments/src/models/attempts.ts",
    change: { ", ...countOpen(payment, 1) },": " }," },
    red: { [byIntent]: ["another card waits while a sweep repeats a request of the first one"] },
  },
  {
    guard: "a request counts as not done only if Stripe rejected it",
    file: intentGateway,
    change: { "authorizes(operation) && isNotDone(error) ?": "authorizes(operation) ?" },
    red: {
      [asksIntents]: ["confirm is unknown, not kept, when the confirmation itself fails: it has no key"],
    },
  },
  {
    guard: "an intent in another status was confirmed before, whether or not it can be read",
    file: intentGateway,
    change: { "authorizes(operation) && isNotDone(error) ?": "isNotDone(error) ?" },
    red: {
      [asksIntents]: ["confirm is unknown when it was executed before, and its outcome cannot be read"],
    },
  },
  {
    guard: "another token replaces a stored intent only once it is canceled",
    modelMutants: ["replaceUncancelled"],
    file: payment,
    change: {
      "return this.failUnconfirmed(reason) || this.startVoid(reason);":
        "return this.failUnconfirmed(reason) || this.confirmVoid();",
    },
    red: { [byIntent]: ["another card pays when Stripe rejects each request of the first one: confirm"] },
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
    guard: "a request that waits for its payment is woken when another process has published it",
    file: updates,
    change: { "    this.newestVersion = Math.max(this.newestVersion, version);\n": "" },
    red: {
      [updatesTest]: [
        "responds once another process has charged the card and received the decision, without polling",
        "misses no version that is published between two waits, and is not woken by one that it has",
      ],
    },
  },
  {
    guard: "a request that waits for its payment reads it soon once orders has decided",
    file: updates,
    change: { "    this.isDecided = true;\n": "" },
    red: {
      [updatesTest]: [
        "responds once another process has charged the card and received the decision, without polling",
      ],
    },
  },
  {
    guard: "a request continues with the payment that its process has saved",
    file: updates,
    change: { "    this.saved ??= saved;\n": "" },
    red: { [updatesTest]: ["continues with the payment that its own process has saved"] },
  },
  {
    guard: "the age of a hold includes the time until its capture or its release",
    file: "payments/src/metrics.ts",
    change: { '["authorized", "capturing", "voiding"]': '["authorized"]' },
    red: {
      [unfinished]: [
        "reports the age of the oldest hold from its authorization until its end, whatever its state",
      ],
    },
  },
  {
    guard: "a payment that was never authorized does not hide the age of a hold",
    file: "payments/src/measure-unfinished.ts",
    change: { ", authorizedAt: trusted({ $exists: true }) };": " };" },
    red: {
      [unfinished]: [
        "reports the age of the oldest hold from its authorization until its end, whatever its state",
      ],
    },
  },
  {
    guard: "histories: each change is one that the model allows",
    file: "spec/histories.ts",
    change: { "!allowedTransitions.has(transitionOf(change))": "false" },
    red: {
      "spec/histories.test.ts": [
        "finds an intent that leaves a final state",
        "finds a payment that skips the grant",
      ],
    },
  },
  {
    guard: "histories: changes that were not all observed are possible in the model",
    file: "spec/histories.ts",
    change: { "!isReachable(change.kind, change.from, change.to)": "false" },
    red: { "spec/histories.test.ts": ["finds a payment that goes back, with a gap"] },
  },
  {
    guard: "histories: each begins in a state in which the model creates it",
    file: "spec/histories.ts",
    change: { "now.version === 0 ?": "false ?" },
    red: {
      "spec/histories.test.ts": [
        "finds an intent that holds money from the beginning",
        "finds an order that is complete from the beginning",
      ],
    },
  },
  {
    guard: "sweep: finishIntents in payments",
    file: "payments/src/index.ts",
    change: { "    finishSweep,\n": "" },
    red: {
      "payments/src/index.test.ts": [
        "finishes an interrupted PaymentIntent payment, although new payments use charges",
      ],
    },
  },
];
