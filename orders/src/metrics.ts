import type { CancelReason, OrderStatus } from "@eventhive/common";
import { Counter } from "prom-client";

export const orderOutcomes = new Counter({
  name: "orders_total",
  help: "Orders created, complete, expired, or cancelled by the buyer",
  labelNames: ["outcome"],
});

const outcomes = ["created", "complete", "expired", "buyer"] satisfies (OrderStatus | CancelReason)[];
// From 0, or the first of its kind would be no increase.
for (const outcome of outcomes) orderOutcomes.inc({ outcome }, 0);
