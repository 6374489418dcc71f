import { type AnyPaymentState, allPaymentStates, intentPaymentStates } from "@eventhive/common";
import { Counter, Gauge } from "prom-client";
import { config } from "./config";

export const paymentStates = new Counter({
  name: "payments_total",
  help: "Payments that have entered each state",
  labelNames: ["state"],
});

// From 0, or the first of its kind would be no increase.
for (const state of allPaymentStates) paymentStates.inc({ state }, 0);

export const lateCharges = new Counter({
  name: "payments_late_charges_total",
  help: "Charges found after their payment had failed, which are refunded",
});

export const externalChanges = new Counter({
  name: "payments_external_changes_total",
  help: "Charges that were disputed, or refunded in Stripe's dashboard, each time reconcile finds them",
  labelNames: ["change"],
});

for (const change of ["dispute", "refund"]) externalChanges.inc({ change }, 0);

/** What should never differ; late charges, disputes and refunds by hand have counters of their own. */
export const differences = [
  "hold", // money is held for a payment that has ended, or for none
  "unknown_charge",
  "missing_charge",
  "charged_twice",
  "amount",
  "not_refunded",
  "captured", // a captured payment is refunded, because its order was cancelled
] as const;
export type Difference = (typeof differences)[number];

export const foundDifferences = new Counter({
  name: "payments_differences_total",
  help: "Differences between payments and Stripe that need an operator, each time they are found",
  labelNames: ["difference"],
});

for (const difference of differences) foundDifferences.inc({ difference }, 0);

const cardLimits = ["cards_of_user", "cards_of_network", "cards_of_site"] as const;

/** The limits that another card can be refused by. */
export type CardLimit = (typeof cardLimits)[number];

export const refusedCards = new Counter({
  name: "payment_cards_refused_total",
  help: "Rejected attempts to pay with another card, by the limit that was reached",
  labelNames: ["limit"],
});

for (const limit of cardLimits) refusedCards.inc({ limit }, 0);

export const overdueComparisons = new Gauge({
  name: "payments_comparison_overdue_seconds",
  help: "How long a complete comparison with Stripe has been due, by schedule; 0 if it is not",
  labelNames: ["schedule"],
});

export const webhooks = new Counter({
  name: "payments_webhooks_total",
  help: "Calls to the webhook by outcome: accepted, rejected because of the signature, or unsigned",
  labelNames: ["outcome"],
});

for (const outcome of ["accepted", "rejected", "unsigned"]) webhooks.inc({ outcome }, 0);

export const webhookConfigured = new Gauge({
  name: "payments_webhook_configured",
  help: "1 if the webhook has a secret, otherwise 0",
  collect() {
    this.set(config.STRIPE_WEBHOOK_SECRET ? 1 : 0);
  },
});

/**
 * A payment leaves these without intervention: within seconds, `challenged` with its order's time, or `charging` once it
 * is certain that no charge can follow.
 */
export const unfinishedStates: AnyPaymentState[] = [
  ...intentPaymentStates,
  "charging",
  "charged",
  "refunding",
];

export const unfinishedPayments = new Gauge({
  name: "payments_unfinished_seconds",
  help: "How long the oldest payment has been in each transient state; 0 if there is none",
  labelNames: ["state"],
});

for (const state of unfinishedStates) unfinishedPayments.set({ state }, 0);

/** In these, an authorized payment's money may still be held. */
export const holdingStates: AnyPaymentState[] = ["authorized", "capturing", "voiding"];

export const oldestHold = new Gauge({
  name: "payments_hold_seconds",
  help: "Age of the oldest hold, since it was authorized; 0 if there is none",
});
