import Link from "next/link";
import { ReserveButton } from "@/components/reserve-button";
import { WithdrawButton } from "@/components/withdraw-button";
import { settings } from "@/lib/settings";
import type { Order, Ticket } from "@/lib/types";
import { durationInWords } from "@/lib/words";

interface NextStepProps {
  ticket: Ticket;
  /** The visitor's own order, if it holds the ticket. */
  order?: Order;
  isSignedIn: boolean;
}

/** The actions that a ticket's status allows a visitor. */
export function NextStep({ ticket, order, isSignedIn }: NextStepProps) {
  if (order) {
    return (
      <>
        <p>You have {ticket.status === "sold" ? "bought" : "reserved"} this ticket.</p>
        <a className="button primary" href={`/orders/${order.id}`}>
          Go to your order
        </a>
      </>
    );
  }
  const limit = durationInWords(settings().EXPIRATION_SECONDS);
  const note = {
    available: `You will have ${limit} to pay once you reserve it. Reserving is free.`,
    reserved: `Someone is paying for it. If they do not pay within ${limit}, it becomes available again. This page updates automatically.`,
    sold: "This ticket has been sold.",
    withdrawn: "The seller has withdrawn this ticket.",
  };
  return (
    <>
      <p>{note[ticket.status]}</p>
      {isSignedIn && <ReserveButton ticket={ticket} />}
      {!isSignedIn && ticket.status === "available" && (
        <a className="button primary" href={`/auth/signin?next=/tickets/${ticket.id}`}>
          Sign in to reserve it
        </a>
      )}
      {ticket.status !== "available" && (
        <Link className="button" href="/">
          Browse other tickets
        </Link>
      )}
    </>
  );
}

/** The actions that a ticket's status allows its seller. */
export function SellerStep({ ticket }: { ticket: Ticket }) {
  const note = {
    available: "This is your own listing.",
    reserved: "This is your own listing. Someone is paying for it, so it cannot be changed now.",
    sold: "You sold this ticket.",
    withdrawn: "You withdrew this ticket from sale.",
  };
  return (
    <>
      <p>{note[ticket.status]}</p>
      {ticket.status === "available" && (
        <div className="row">
          <Link className="button primary" href={`/tickets/${ticket.id}/edit`}>
            Edit
          </Link>
          <WithdrawButton ticketId={ticket.id} />
        </div>
      )}
      <Link href="/listings">All your listings</Link>
    </>
  );
}
