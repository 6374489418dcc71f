import type { PaymentState } from "@eventhive/common";
import { Counter } from "prom-client";

export const paymentStates = new Counter({
  name: "payments_total",
  help: "Payments that have come to each state",
  labelNames: ["state"],
});

const states = ["charging", "charged", "settled", "failed", "refunding", "refunded"] satisfies PaymentState[];
// From 0, or the first of its kind would be no increase.
for (const state of states) paymentStates.inc({ state }, 0);
