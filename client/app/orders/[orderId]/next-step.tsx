import Link from "next/link";
import { Away } from "@/components/away";
import { CancelButton } from "@/components/cancel-button";
import { Countdown } from "@/components/countdown";
import { Live, LiveTicket, Polling } from "@/components/live";
import { Money } from "@/components/money";
import { Pay } from "@/components/pay";
import { ReserveButton } from "@/components/reserve-button";
import type { OrderView } from "@/lib/orders";
import { currentUser } from "@/lib/server";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";

/** What an order's buyer can do with it as it is. */
export async function NextStep({ view }: { view: OrderView }) {
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
          <Polling firstMs={2_000} />
          <p>
            {payment?.state === "charged"
              ? "Your card was charged. In a moment the ticket is yours; if it is gone, you are refunded automatically."
              : "Your card is being charged. You are charged at most once, however long it takes."}
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
          <Polling firstMs={2_000} />
          <p>The reservation has ended; the ticket is available to others again.</p>
          <ChargeStatus view={view} />
        </>
      );
    case "uncertain":
      return (
        <>
          <Polling firstMs={5_000} />
          <p>
            This order has ended, and we do not know yet whether your card was charged. If it was, the full
            amount is refunded automatically.
          </p>
          <ReserveAgain view={view} />
        </>
      );
    case "refunding":
      return (
        <>
          <Polling firstMs={2_000} />
          <p>
            The payment came too late, and the ticket is available to others again. Your card is refunded
            automatically.
          </p>
          <ReserveAgain view={view} />
        </>
      );
    case "refunded":
      return (
        <>
          <p>The payment came too late. The full amount was refunded to your card.</p>
          <ReserveAgain view={view} />
        </>
      );
    case "expired":
      return (
        <>
          <p>The reservation has ended.</p>
          <ChargeStatus view={view} />
          <ReserveAgain view={view} />
        </>
      );
    case "cancelled":
      return (
        <>
          <p>The ticket is available again.</p>
          <ChargeStatus view={view} />
          <ReserveAgain view={view} />
        </>
      );
  }
}

function ChargeStatus({ view: { paymentsAreAway, hasPayments } }: { view: OrderView }) {
  if (paymentsAreAway) return <Away what="Your payments" />;
  if (!hasPayments) return <p>You have not been charged.</p>;
  return (
    <p>
      Your payment was not confirmed. If a charge appears on your card, it is refunded automatically within a
      day.
    </p>
  );
}

/** The way on from an order that ended: the same ticket, as soon and as long as it is free. */
async function ReserveAgain({ view }: { view: OrderView }) {
  const { order } = view;
  const ticket = (await findTicket(order.ticket.id))?.body;
  if (!ticket) return <Away what="Tickets" />;
  const isHeldByThis = ticket.orderId === order.id; // tickets has not heard of the end yet
  const isOver = ticket.status === "sold" || ticket.status === "withdrawn";
  return (
    <>
      <LiveTicket ticket={ticket} />
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
