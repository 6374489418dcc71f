import Link from "next/link";
import { Unavailable } from "@/components/unavailable";
import { CancelButton } from "@/components/cancel-button";
import { Countdown } from "@/components/countdown";
import { Live, LiveTicket, Polling } from "@/components/live";
import { Money } from "@/components/money";
import { Pay } from "@/components/pay";
import { PaymentHistory } from "@/components/payment-history";
import { ReserveButton } from "@/components/reserve-button";
import { isReplaceable } from "@/lib/order-state";
import type { OrderView } from "@/lib/orders";
import { currentUser } from "@/lib/server";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";
import type { Order, Payment } from "@/lib/types";

/** The actions that an order's state allows its buyer. */
export async function NextStep({ view }: { view: OrderView }) {
  const { order, state, arePaymentsUnavailable, secondsLeft } = view;
  const live = <Live url={`/api/orders/${order.id}/stream`} event="order" version={order.version} />;
  switch (state) {
    case "awaiting-payment":
    case "confirming": {
      const isConfirming = state === "confirming";
      const { STRIPE_PUBLISHABLE_KEY: publishableKey, STRIPE_FORM, CURRENCY: currency } = settings();
      const form = publishableKey ? STRIPE_FORM : "test-card";
      const email = (await currentUser())?.email;
      return (
        <>
          {live}
          {isConfirming ? (
            <Confirming view={view} />
          ) : (
            <>
              <Countdown orderId={order.id} secondsLeft={secondsLeft} />
              {arePaymentsUnavailable && <Unavailable what="Payments" />}
            </>
          )}
          {/* Mounted in both states: it knows the card that is being confirmed. */}
          <Pay
            order={order}
            checkout={{ publishableKey, form, currency, email }}
            isConfirming={isConfirming}
            mayBeReplaced={view.payment !== undefined && isReplaceable(view.payment)}
          />
          {!isConfirming && <CancelButton orderId={order.id} />}
        </>
      );
    }
    case "paid":
      return (
        <>
          <p>Your payment went through.</p>
          <PaymentHistory attempts={view.attempts} />
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
          <p>Your reservation has ended, and the ticket is available to others again.</p>
          <ChargeStatus view={view} />
        </>
      );
    case "uncertain":
      return (
        <>
          <Polling firstMs={5_000} />
          <p>
            This order has ended, but we do not know yet whether your card was charged. If it was, you will be
            refunded in full automatically.
          </p>
          <ReserveAgain view={view} />
        </>
      );
    case "refunding":
      return (
        <>
          <Polling firstMs={2_000} />
          <p>
            Your payment went through after this order had ended, so you will be refunded automatically. The
            ticket is available to others again.
          </p>
          <PaymentHistory attempts={view.attempts} />
          <ReserveAgain view={view} />
        </>
      );
    case "refunded":
      return (
        <>
          <p>
            Your payment went through after this order had ended. The full amount was refunded to your card.
          </p>
          <PaymentHistory attempts={view.attempts} />
          <ReserveAgain view={view} />
        </>
      );
    case "expired":
      return (
        <>
          <p>Your reservation has ended.</p>
          <ChargeStatus view={view} />
          <PaymentHistory attempts={view.attempts} />
          <ReserveAgain view={view} />
        </>
      );
    case "cancelled":
      return (
        <>
          <p>The ticket is available again.</p>
          <ChargeStatus view={view} />
          <PaymentHistory attempts={view.attempts} />
          <ReserveAgain view={view} />
        </>
      );
  }
}

function Confirming({ view: { order, payment, attempts } }: { view: OrderView }) {
  return (
    <>
      <Polling firstMs={2_000} />
      <p>{confirmationOf(order, payment)}</p>
      <PaymentHistory attempts={attempts} />
    </>
  );
}

function confirmationOf({ status }: Order, payment: Payment | undefined): string {
  if (status === "awaiting:payment")
    return "Your card was approved, and the ticket is held for you. Your payment is being completed. There is nothing left for you to do.";
  if (payment?.state === "charging")
    return "Your card is being charged. You will be charged at most once, however long it takes.";
  if (payment?.state === "charged")
    return "Your card was charged. We are confirming your ticket. If it is no longer available, you will be refunded automatically.";
  return "Your bank is checking your card. You will be charged only if you get the ticket.";
}

function ChargeStatus({ view: { arePaymentsUnavailable, unpaidAttempts } }: { view: OrderView }) {
  if (arePaymentsUnavailable) return <Unavailable what="Your payments" />;
  switch (unpaidAttempts) {
    case "none":
      return <p>You have not been charged.</p>;
    case "releasing":
      return (
        <>
          <Polling firstMs={5_000} />
          <p>
            You have not been charged. If your bank shows the amount as pending, it is released automatically.
          </p>
        </>
      );
    case "not-charged":
      return <p>Your payment did not go through. You have not been charged.</p>;
    case "unconfirmed":
      return (
        <p>
          Your payment was not confirmed. If a charge appears on your card, it will be refunded automatically
          within a day.
        </p>
      );
  }
}

/** Offers the ticket of an order that ended, while it is available. */
async function ReserveAgain({ view }: { view: OrderView }) {
  const { order } = view;
  const ticket = (await findTicket(order.ticket.id))?.body;
  if (!ticket) return <Unavailable what="Tickets" />;
  const isHeldByThis = ticket.orderId === order.id; // tickets has not processed the order's end yet
  const isOver = ticket.status === "sold" || ticket.status === "withdrawn";
  return (
    <>
      <LiveTicket ticket={ticket} />
      {ticket.status === "reserved" && !isHeldByThis && (
        <p>Someone else is paying for it now. It may become available again.</p>
      )}
      {isOver && <p>The ticket has since been {ticket.status}.</p>}
      <ReserveButton ticket={ticket} className={view.state === "expired" ? "primary" : ""}>
        Reserve it again for <Money amount={ticket.price} />
      </ReserveButton>
      <Link href="/">Browse other tickets</Link>
    </>
  );
}
