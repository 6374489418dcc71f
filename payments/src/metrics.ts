import { Counter } from "prom-client";

export const paymentStates = new Counter({
  name: "payments_total",
  help: "Payments that have come to each state",
  labelNames: ["state"],
});
