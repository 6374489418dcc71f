import { Counter } from "prom-client";

const limits = [
  "on_sale",
  "listings_of_seller",
  "listings_of_network",
  "listings_of_site",
  "edits_of_seller",
  "edits_of_network",
  "edits_of_site",
] as const;

/** The limits that a listing or an edit can be refused by. */
export type ChangeLimit = (typeof limits)[number];

export const refusedChanges = new Counter({
  name: "ticket_changes_refused_total",
  help: "Listings and edits refused, by the limit that was reached",
  labelNames: ["limit"],
});

// Initialized to 0: a counter that first appears with 1 is no increase to Prometheus.
for (const limit of limits) refusedChanges.inc({ limit }, 0);
