import type { Metadata } from "next";
import Link from "next/link";
import { Away } from "@/components/away";
import { Badge } from "@/components/badge";
import { CancelButton } from "@/components/cancel-button";
import { Countdown } from "@/components/countdown";
import { Live, Polling } from "@/components/live";
import { Money } from "@/components/money";
import { Pay } from "@/components/pay";
import { ReserveButton } from "@/components/reserve-button";
import { TicketShape } from "@/components/ticket-shape";
import { orderLabels } from "@/lib/labels";
import type { OrderState } from "@/lib/order-state";
import { type OrderView, findOrder } from "@/lib/orders";
import { currentUser, mustBeSignedIn } from "@/lib/server";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";
import styles from "./page.module.css";

export const metadata: Metadata = { title: "Your order", robots: { index: false } };

const headings: Record<OrderState, string> = {
  "awaiting-payment": "Reserved for you",
  confirming: "Confirming your payment",
  paid: "It is yours",
  ending: "Your time is up",
  expired: "Your time is up",
  cancelled: "You cancelled this order",
  refunding: "Your money is on its way back",
  refunded: "Your money is back",
};

const over: OrderState[] = ["ending", "expired", "cancelled", "refunding", "refunded"];

export default async function OrderPage({ params }: PageProps<"/orders/[orderId]">) {
  const { orderId } = await params;
  const path = `/orders/${orderId}`;
  await mustBeSignedIn(path);
  const view = await findOrder(orderId, path);
  if (!view) {
    return (
      <div className="stack">
        <h1>Your order</h1>
        <Away what="Your orders" />
      </div>
    );
  }
  const { order, state } = view;
  return (
    <article className={styles.order}>
      <div className="stack">
        <div role="status">
          <h1>{headings[state]}</h1>
        </div>
        <TicketShape price={order.ticket.price} isGone={over.includes(state)}>
          <h2>
            <Link className="plain" href={`/tickets/${order.ticket.id}`}>
              {order.ticket.title}
            </Link>
          </h2>
          <Badge {...orderLabels[state]} />
        </TicketShape>
        <p className="quiet">Order {order.id}</p>
      </div>
      <section aria-label="What comes next" className="panel">
        <NextStep view={view} />
      </section>
    </article>
  );
}

async function NextStep({ view }: { view: OrderView }) {
  const { order, state, payment, paymentsAreAway, secondsLeft } = view;
  const live = <Live url={`/api/orders/${order.id}/stream`} event="order" version={order.version} />;
  switch (state) {
    case "awaiting-payment": {
      const { STRIPE_PUBLISHABLE_KEY: publishableKey, CURRENCY: currency } = settings();
      const email = (await currentUser())?.email;
      return (
        <>
          {live}
          <Countdown orderId={order.id} secondsLeft={secondsLeft} />
          {paymentsAreAway && <Away what="Payments" />}
          <Pay order={order} checkout={{ publishableKey, currency, email }} />
          <CancelButton orderId={order.id} />
        </>
      );
    }
    case "confirming":
      return (
        <>
          {live}
          <Polling everyInMs={2_000} />
          <p>
            {payment?.state === "charged"
              ? "Your card is charged. In a moment the ticket is yours, or, should it be gone, your money comes back by itself."
              : "Your card is being asked. You are charged once at most, however long it takes."}
          </p>
        </>
      );
    case "paid":
      return (
        <>
          <p>Your payment went through, and the ticket is yours.</p>
          <Link className="button primary" href={`/orders/${order.id}/receipt`}>
            See your receipt
          </Link>
          <Link href="/orders">All your orders</Link>
        </>
      );
    case "ending":
      return (
        <>
          {live}
          <Polling everyInMs={2_000} />
          <p>The reservation has ended; the ticket goes back to the others.</p>
          <NotCharged view={view} />
        </>
      );
    case "refunding":
      return (
        <>
          <Polling everyInMs={2_000} />
          <p>
            The payment came too late, and the ticket went back to the others. What was charged is on its way
            back to your card, without you doing anything.
          </p>
          <ReserveAgain view={view} />
        </>
      );
    case "refunded":
      return (
        <>
          <p>The payment came too late. Everything that was charged has been given back to your card.</p>
          <ReserveAgain view={view} />
        </>
      );
    case "expired":
      return (
        <>
          <p>The reservation has ended.</p>
          <NotCharged view={view} />
          <ReserveAgain view={view} />
        </>
      );
    case "cancelled":
      return (
        <>
          <p>The ticket is back with the others.</p>
          <NotCharged view={view} />
          <ReserveAgain view={view} />
        </>
      );
  }
}

/** Only payments knows. */
function NotCharged({ view: { paymentsAreAway } }: { view: OrderView }) {
  return paymentsAreAway ? <Away what="Your payments" /> : <p>You have not been charged.</p>;
}

/** The way on from an order that ended: the same ticket, as soon and as long as it is free. */
async function ReserveAgain({ view }: { view: OrderView }) {
  const { order } = view;
  const ticket = (await findTicket(order.ticket.id))?.body;
  if (!ticket) return <Away what="The tickets" />;
  const isHeldByThis = ticket.orderId === order.id; // tickets has not heard of the end yet
  const isOver = ticket.status === "sold" || ticket.status === "withdrawn";
  return (
    <>
      <Live url={`/api/tickets/stream?ids=${ticket.id}`} event="ticket" version={ticket.version} />
      {ticket.status === "reserved" && !isHeldByThis && (
        <p>Someone else is paying for it now. It may come back.</p>
      )}
      {isOver && <p>The ticket is {ticket.status} meanwhile.</p>}
      <ReserveButton ticket={ticket} look={view.state === "expired" ? "primary" : ""}>
        Reserve it again for <Money amount={ticket.price} />
      </ReserveButton>
      <Link href="/">See other tickets</Link>
    </>
  );
}
