import Link from "next/link";
import { ReserveButton } from "@/components/reserve-button";
import { WithdrawButton } from "@/components/withdraw-button";
import { settings } from "@/lib/settings";
import type { Order, Ticket } from "@/lib/types";
import { durationInWords } from "@/lib/words";

interface NextStepProps {
  ticket: Ticket;
  /** This visitor's own, when it is what holds the ticket. */
  order?: Order;
  isSignedIn: boolean;
}

/** What a visitor can do with a ticket as it is. */
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
    available: `You will have ${limit} to pay once you reserve it. Until you pay, nothing is charged.`,
    reserved: `Someone is paying for it. It may come back within ${limit}, and this page will show it at once.`,
    sold: "This ticket is sold.",
    withdrawn: "Its seller has withdrawn this ticket.",
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
          See other tickets
        </Link>
      )}
    </>
  );
}

/** What its seller can do with it. */
export function SellersStep({ ticket }: { ticket: Ticket }) {
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
