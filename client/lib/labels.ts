import type { Label } from "@/components/badge";
import type { OrderState } from "./order-state";
import type { Order, Ticket } from "./types";

export const ticketLabels: Record<Ticket["status"], Label> = {
  available: { tone: "good", text: "Available" },
  reserved: { tone: "wait", text: "Reserved" },
  sold: { tone: "quiet", text: "Sold" },
  withdrawn: { tone: "quiet", text: "Withdrawn" },
};

/** For a ticket that the visitor's own order holds. */
export const ownOrderLabels: Record<Order["status"], Label> = {
  created: { tone: "wait", text: "Reserved by you" },
  "awaiting:payment": { tone: "wait", text: "Confirming" },
  complete: { tone: "good", text: "Yours" },
  cancelled: { tone: "quiet", text: "Reserved" }, // and soon available again
};

export const orderLabels: Record<OrderState, Label> = {
  "awaiting-payment": { tone: "wait", text: "Awaiting payment" },
  confirming: { tone: "wait", text: "Confirming" },
  paid: { tone: "good", text: "Paid" },
  ending: { tone: "quiet", text: "Time is up" },
  expired: { tone: "quiet", text: "Expired" },
  cancelled: { tone: "quiet", text: "Cancelled" },
  uncertain: { tone: "wait", text: "Checking payment" },
  refunding: { tone: "wait", text: "Refund pending" },
  refunded: { tone: "quiet", text: "Refunded" },
};
