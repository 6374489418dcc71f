import { createHash } from "node:crypto";
import {
  type AnyPaymentState,
  allPaymentStates,
  clock,
  defineAggregate,
  intentPaymentStates,
  seconds,
  unchanged,
} from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "../config";
import { database } from "../database";
import { paymentStates } from "../metrics";
import { toMinorUnits } from "../money";
import type { Order } from "./order";

export const Payment = defineAggregate(database, "Payment", {
  subjects: ["payment:authorized", "payment:failed", "payment:created", "payment:refunded"],
  published: {
    orderId: { type: String, required: true },
    userId: { type: String, required: true },
    /** In the currency's minor unit. */
    amount: { type: Number, required: true },
    currency: { type: String, required: true },
    state: { type: String, enum: allPaymentStates, required: true },
    /** Stripe's charge; from `charged` on. */
    stripeId: { type: String },
    /** Stripe's PaymentIntent; not in payments with charges. */
    intentId: { type: String },
  },
  unpublished: {
    /** Since when it has been in this state. */
    since: { type: Date, required: true },
    // For the buyer's receipt; missing in payments that an older version of this service created.
    authorizedAt: { type: Date },
    chargedAt: { type: Date },
    refundedAt: { type: Date },
    /** What was held was released instead of charged. */
    releasedAt: { type: Date },
    /** `payment:authorized` was published, so its failure has to be, too. */
    isAnnounced: { type: Boolean },
    /** Responses to creates of the intent or its payment method that Stripe may repeat for their idempotency keys. */
    keptCreateAnswers: { type: Number },
    // Requests of an `authorizing` payment that may have held money, or may yet; missing in older payments. 0 proves that
    // none did; a missing response never does.
    openRequests: { type: Number },
    /** The token of the card, from Stripe; only while it may have to be charged again. */
    token: { type: String },
    /** Finds this payment when the buyer sends the same token again. */
    tokenHash: { type: String, required: true },
    /** Set in the first payment of an order, so that the insertion of a second one shows that there is a first. */
    isFirst: { type: Boolean },
    /** The order, which no other payment can claim: set in every state but `failed`. */
    pays: { type: String },
    /** Set from `charged` on, until a comparison with Stripe has found the charge. */
    unreconciled: { type: Boolean },
    // Made at Stripe by an operator or a cardholder, found by a comparison with Stripe. No state depends on it.
    /** Refunded of a settled payment, in the currency's minor unit. */
    amountRefunded: { type: Number },
    disputedAt: { type: Date },
    /** Stripe's message. */
    failureReason: { type: String },
    /** No request to Stripe before then: an attempt may be in progress, or has just ended. */
    nextAttemptAt: { type: Date },
    // About the attempts to charge; missing in payments that an older version of this service created.
    lastAttemptAt: { type: Date },
    /** Attempts that may have charged. 0 proves that the card was not charged; a missing response never does. */
    openAttempts: { type: Number },
    /** Responses to refund requests that Stripe may repeat for their idempotency keys: the next request needs another. */
    keptRefundAnswers: { type: Number },
  },
  /** The card's token is not published: the same token would not find this payment again, but be declined. */
  restore: ({ id, orderId, state, stripeId, intentId }) => ({
    since: clock.date(),
    token: undefined,
    tokenHash: hashOf(id),
    isFirst: unchanged,
    pays: state === "failed" ? undefined : orderId,
    unreconciled: stripeId ? true : undefined,
    authorizedAt: unchanged,
    chargedAt: unchanged,
    refundedAt: unchanged,
    releasedAt: unchanged,
    amountRefunded: unchanged,
    disputedAt: unchanged,
    isAnnounced: intentId ? true : undefined,
    keptCreateAnswers: unchanged,
    openRequests: unchanged,
    failureReason: unchanged,
    lastAttemptAt: unchanged,
    nextAttemptAt: unchanged,
    openAttempts: unchanged,
    keptRefundAnswers: unchanged,
  }),
  /** Declines are not published, only the payment that succeeds. A restored copy may still have the declined one open. */
  async release({ orderId }): Promise<number> {
    const failed = { state: "failed", since: clock.date() };
    const { modifiedCount } = await Payment.updateMany(
      { pays: orderId, state: trusted({ $in: ["charging", ...intentPaymentStates] }) },
      { $set: failed, $unset: { pays: 1, token: 1 }, $inc: { version: 1 } },
    );
    return modifiedCount;
  },
  currentSubject({ state, isAnnounced }) {
    if (state === "failed") return isAnnounced ? "payment:failed" : undefined;
    if (intentPaymentStates.some((each) => each === state))
      return isAnnounced ? "payment:authorized" : undefined;
    if (state === "charging") return undefined;
    return state === "refunded" ? "payment:refunded" : "payment:created";
  },
  transition: { field: "state", count: ({ state }) => paymentStates.inc({ state }) },
  // The transitions of the state machine. Each returns whether it changed anything; from any other state, it does not.
  methods: {
    confirmCharge(stripeId: string): boolean {
      if (!this.move("charging", "charged")) return false;
      this.stripeId = stripeId;
      this.unreconciled = true;
      this.token = undefined;
      this.record("payment:created");
      return true;
    },

    /** Stripe has confirmed that no attempt can charge any more. */
    decline(reason: string): boolean {
      if (!this.fail(reason)) return false;
      this.openAttempts = 0;
      return true;
    },

    /** Without a response from Stripe; the save fails if an attempt has begun since this was loaded. */
    giveUp(reason: string): boolean {
      if (!this.fail(reason)) return false;
      this.$where = { ...this.$where, lastAttemptAt: this.lastAttemptAt ?? null };
      return true;
    },

    fail(reason: string): boolean {
      if (!this.move("charging", "failed")) return false;
      this.failureReason = reason;
      this.token = undefined;
      this.pays = undefined; // lets the buyer try another card
      this.recordNothing("no money moved");
      return true;
    },

    // From here to `settle`: PaymentIntent payments.

    isByIntent(): boolean {
      return this.intentId !== undefined || intentPaymentStates.some((state) => state === this.state);
    },

    /** Only an intent that is stored is ever confirmed. */
    storeIntent(intentId: string): boolean {
      if (this.state !== "authorizing" || this.intentId) return false;
      this.intentId = intentId;
      this.recordNothing("no money is held yet");
      return true;
    },

    /** The next create has another idempotency key; an intent that the last one may have made is never confirmed. */
    takeNextKey(keptAnswers: number): boolean {
      if (this.state !== "authorizing" || this.keptAnswers() !== keptAnswers) return false;
      this.keptCreateAnswers = keptAnswers + 1;
      this.recordNothing("only a key");
      return true;
    },

    keptAnswers(): number {
      return this.keptCreateAnswers ?? 0;
    },

    challenge(): boolean {
      if (!this.move("authorizing", "challenged")) return false;
      this.token = undefined;
      this.recordNothing("the buyer has to pass 3-D Secure first");
      return true;
    },

    /** The money is held; it is captured once orders has granted the order to this payment. */
    authorize(): boolean {
      if (!this.move(["authorizing", "challenged"], "authorized")) return false;
      this.token = undefined;
      this.isAnnounced = true;
      this.record("payment:authorized");
      return true;
    },

    startCapture(): boolean {
      if (!this.move("authorized", "capturing")) return false;
      this.recordNothing("published once the money is taken");
      return true;
    },

    /** From now on the money can only be released; if it was already captured, Stripe's response shows that. */
    startVoid(reason?: string): boolean {
      if (!this.intentId) return false;
      if (!this.move(["authorizing", "challenged", "authorized", "capturing"], "voiding")) return false;
      this.failureReason = reason;
      this.token = undefined;
      this.recordNothing("published once the money is released");
      return true;
    },

    confirmCapture(stripeId: string): boolean {
      if (!this.move(["capturing", "voiding"], "charged")) return false;
      this.stripeId = stripeId;
      this.failureReason = undefined;
      this.unreconciled = true;
      this.token = undefined;
      this.record("payment:created");
      return true;
    },

    /** Its intent is canceled, and can never be captured. */
    confirmVoid(): boolean {
      if (!this.move(intentPaymentStates, "failed")) return false;
      this.token = undefined;
      this.pays = undefined; // lets the buyer try another card
      if (this.isAnnounced) this.record("payment:failed");
      else this.recordNothing("it was never published");
      return true;
    },

    /** No intent of this payment is stored, so none was ever confirmed. */
    failUnconfirmed(reason?: string): boolean {
      if (this.intentId || !this.move("authorizing", "failed")) return false;
      this.failureReason = reason;
      this.token = undefined;
      this.pays = undefined;
      this.recordNothing("no money was held");
      return true;
    },

    /** Another card takes its place. The save fails if a request has begun since this was loaded. */
    startReplacement(): boolean {
      const reason = "Another card was used instead";
      if (this.state === "authorizing") this.$where = { ...this.$where, openRequests: 0 };
      return this.failUnconfirmed(reason) || this.startVoid(reason);
    },

    settle(): boolean {
      if (!this.move("charged", "settled")) return false;
      this.recordNothing("orders has published it itself");
      return true;
    },

    startRefund(): boolean {
      if (!this.move("charged", "refunding")) return false;
      this.recordNothing("published once the refund has succeeded");
      return true;
    },

    confirmRefund(): boolean {
      if (!this.move("refunding", "refunded")) return false;
      this.record("payment:refunded");
      return true;
    },

    move(from: AnyPaymentState | readonly AnyPaymentState[], to: AnyPaymentState): boolean {
      if (![from].flat().includes(this.state)) return false;
      this.state = to;
      this.since = clock.date();
      if (to === "authorized") this.authorizedAt = this.since;
      if (to === "charged") this.chargedAt = this.since;
      if (to === "refunded") this.refundedAt = this.since;
      if (to === "failed" && this.authorizedAt) this.releasedAt = this.since;
      this.nextAttemptAt = undefined; // it belonged to the previous state
      return true;
    },

    /** Until then no other process sends requests to Stripe. */
    holdFor(milliseconds: number): true {
      this.nextAttemptAt = new Date(clock.now() + milliseconds);
      return true;
    },
  },
  indexes: [
    // One live payment for each order. This, not the idempotency key, prevents a second charge: two tabs are two tokens.
    [{ pays: 1 }, { unique: true, partialFilterExpression: { pays: { $exists: true } } }],
    [{ orderId: 1 }, { unique: true, partialFilterExpression: { isFirst: { $exists: true } } }],
    // The same token is always the same payment.
    [{ orderId: 1, tokenHash: 1 }, { unique: true }],
    [{ userId: 1, createdAt: -1, _id: -1 }],
    [{ state: 1, since: 1 }],
    [{ state: 1, nextAttemptAt: 1 }],
    [{ intentId: 1 }, { partialFilterExpression: { intentId: { $exists: true } } }],
    // What reconcile looks up: the payment of a charge, and payments whose charge no list has shown yet.
    [{ stripeId: 1 }, { partialFilterExpression: { stripeId: { $exists: true } } }],
    [{ createdAt: 1, _id: 1 }, { partialFilterExpression: { unreconciled: { $exists: true } } }],
  ],
});
export type Payment = InstanceType<typeof Payment>;

/**
 * Whether another card can take its place: Stripe has done nothing for it, its buyer may have closed 3-D Secure, or it is
 * being voided.
 */
export function mayBeReplaced(payment: Pick<Payment, "state" | "openAttempts" | "openRequests">): boolean {
  if (payment.state === "charging") return payment.openAttempts === 0;
  if (payment.state === "authorizing") return payment.openRequests === 0;
  return payment.state === "challenged" || payment.state === "voiding";
}

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

/**
 * A payment that is not saved yet; saving it fails with a duplicate key when another one pays the order, or when it is to
 * be the first one and there is another.
 */
export function paymentFor(order: Order, token: string, { isFirst = false } = {}): Payment {
  // A failed one was not charged, and will not be charged.
  const byIntent = {
    state: "authorizing",
    nextAttemptAt: new Date(clock.now() + attemptMs()),
    openAttempts: 0,
    openRequests: 1,
  };
  const byCharge = { state: "charging", ...attempt(), openAttempts: 1 };
  const payment = new Payment({
    orderId: order.id,
    userId: order.userId,
    amount: toMinorUnits(order.price),
    currency: config.CURRENCY,
    since: clock.date(),
    ...(config.PAYMENT_FLOW === "intents" ? byIntent : byCharge),
    token,
    tokenHash: hashOf(token),
    ...(isFirst && { isFirst }),
    pays: order.id,
  });
  payment.recordNothing("no money has moved yet");
  return payment;
}

export const findPayment = (orderId: string, token: string): Promise<Payment | null> =>
  Payment.findOne({ orderId, tokenHash: hashOf(token) }).exec();

/** After that, an attempt that begins now has a response, or its process has crashed. */
export const attemptMs = () => seconds(config.STRIPE_TIMEOUT_SECONDS + 1);

/** The times of an attempt to charge that begins now. */
export const attempt = () => ({
  lastAttemptAt: clock.date(),
  nextAttemptAt: new Date(clock.now() + attemptMs()),
});

export const isDue = ({ nextAttemptAt }: Payment): boolean =>
  !nextAttemptAt || nextAttemptAt.getTime() <= clock.now();
