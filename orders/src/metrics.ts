import type { CancelReason, OrderStatus } from "@eventhive/common";
import { Counter, Gauge } from "prom-client";

export const orderOutcomes = new Counter({
  name: "orders_total",
  help: "Orders created, completed, expired, or cancelled by the buyer or a ban",
  labelNames: ["outcome"],
});

const cancelOutcomes = { buyer: "cancelled_by_buyer", expired: "expired", ban: "cancelled_by_ban" };
type CancelCause = CancelReason | "ban";

/** Counts a transition to the state that an order has now. */
export const countOutcome = (status: OrderStatus, cause?: CancelCause | null): void =>
  orderOutcomes.inc({ outcome: cause ? cancelOutcomes[cause] : status });

// Initialized to 0: a counter that first appears with 1 is no increase to Prometheus.
for (const outcome of ["created", "complete", ...Object.values(cancelOutcomes)])
  orderOutcomes.inc({ outcome }, 0);

/** The limits that a reservation can be refused by. */
const reservationLimits = [
  "buyer",
  "network",
  "site",
  "unpaid_buyer",
  "unpaid_network",
  "unpaid_site",
] as const;
export type ReservationLimit = (typeof reservationLimits)[number];

export const refusedReservations = new Counter({
  name: "reservations_refused_total",
  help: "Reservations refused by a limit: live ones, or those that ended unpaid, of a buyer, network or site",
  labelNames: ["limit"],
});

for (const limit of reservationLimits) refusedReservations.inc({ limit }, 0);

export const overdueSeconds = new Gauge({
  name: "orders_overdue_seconds",
  help: "How long the oldest overdue reservation has been overdue; 0 if there is none",
});
