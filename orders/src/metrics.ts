import { Counter } from "prom-client";

export const orderOutcomes = new Counter({
  name: "orders_total",
  help: "Orders created, complete, expired, or cancelled by the buyer",
  labelNames: ["outcome"],
});
