import type { AnyPaymentState, EventData } from "@eventhive/common";

// The API returns the published state plus `createdAt`.
export type Ticket = EventData<"ticket:updated"> & { createdAt: string };
/** As its seller sees it. */
export type Listing = Ticket & { unpaidReservations: number };
export type Order = EventData<"order:created"> & { createdAt: string };

export interface Payment {
  id: string;
  orderId: string;
  /** Stripe's id of the charge; from `charged` on. */
  stripeId?: string;
  /** Of a payment by an intent, which charges only for an order that was granted to it. */
  intentId?: string;
  /** In the currency's minor unit. */
  amount: number;
  currency: string;
  state: AnyPaymentState;
  /** Of a failed payment: whether it may still be charged, which is then refunded. */
  mayBeCharged?: boolean;
  // When money was held, charged, refunded, or released instead; as far as payments knows.
  authorizedAt?: string;
  chargedAt?: string;
  refundedAt?: string;
  releasedAt?: string;
  createdAt: string;
}

export interface User {
  id: string;
  email: string;
}
