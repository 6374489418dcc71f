import type { Metadata } from "next";
import Link from "next/link";
import { Unavailable } from "@/components/unavailable";
import { Badge } from "@/components/badge";
import { TicketShape } from "@/components/ticket-shape";
import { orderLabels } from "@/lib/labels";
import type { OrderState } from "@/lib/order-state";
import { findOrder } from "@/lib/orders";
import { mustBeSignedIn } from "@/lib/server";
import { NextStep } from "./next-step";
import styles from "./page.module.css";

export const metadata: Metadata = { title: "Your order", robots: { index: false } };

const headings: Record<OrderState, string> = {
  "awaiting-payment": "Reserved for you",
  confirming: "Confirming your payment",
  paid: "The ticket is yours",
  ending: "Your time is up",
  expired: "Your time is up",
  cancelled: "You cancelled this order",
  uncertain: "Checking your payment",
  refunding: "Your refund is on its way",
  refunded: "You have been refunded",
};

const over: OrderState[] = ["ending", "expired", "cancelled", "uncertain", "refunding", "refunded"];

export default async function OrderPage({ params }: PageProps<"/orders/[orderId]">) {
  const { orderId } = await params;
  const path = `/orders/${orderId}`;
  await mustBeSignedIn(path);
  const view = await findOrder(orderId, path);
  if (!view) {
    return (
      <div className="stack">
        <h1>Your order</h1>
        <Unavailable what="Your orders" />
      </div>
    );
  }
  const { order, state } = view;
  const isEndedByBan = state === "cancelled" && order.buyerBanned === true;
  return (
    <article className={styles.order}>
      <div className="stack">
        <div role="status">
          <h1>{isEndedByBan ? "This order was cancelled" : headings[state]}</h1>
        </div>
        <TicketShape price={order.ticket.price} isUnavailable={over.includes(state)}>
          <h2>
            <Link className="plain" href={`/tickets/${order.ticket.id}`}>
              {order.ticket.title}
            </Link>
          </h2>
          <Badge {...orderLabels[state]} />
        </TicketShape>
        <p className="quiet">Order {order.id}</p>
      </div>
      <section aria-label="Next steps" className="panel">
        <NextStep view={view} />
      </section>
    </article>
  );
}
