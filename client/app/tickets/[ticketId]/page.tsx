import type { Metadata } from "next";
import Link from "next/link";
import { Away } from "@/components/away";
import { Badge } from "@/components/badge";
import { DateTime } from "@/components/date-time";
import { JsonLd } from "@/components/json-ld";
import { Live } from "@/components/live";
import { ReserveButton } from "@/components/reserve-button";
import { TicketShape } from "@/components/ticket-shape";
import { WithdrawButton } from "@/components/withdraw-button";
import { ownOrderLabels, ticketLabels } from "@/lib/labels";
import { currentUser, read } from "@/lib/server";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";
import type { Order, Ticket } from "@/lib/types";
import { durationInWords } from "@/lib/words";
import styles from "./page.module.css";

type Props = PageProps<"/tickets/[ticketId]">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const ticket = (await findTicket((await params).ticketId))?.body;
  if (!ticket) return { title: "A ticket" };
  const description = `${ticket.title}: ${ticketLabels[ticket.status].text.toLowerCase()} at EventHive.`;
  return {
    title: ticket.title,
    description,
    openGraph: { title: ticket.title, description, url: "./" },
  };
}

export default async function TicketPage({ params }: Props) {
  const { ticketId } = await params;
  const [answer, user] = await Promise.all([findTicket(ticketId), currentUser()]);
  if (!answer) return <AwayTicket />;
  const ticket = answer.body;
  const isMine = ticket.userId === user?.id;
  const isSignedIn = user !== null; // or auth is away: the other services know
  const order = isSignedIn && !isMine && ticket.orderId ? await findOrder(ticket.orderId) : undefined;
  return (
    <article className={styles.ticket}>
      <JsonLd data={offerOf(ticket)} />
      <Live url={`/api/tickets/stream?ids=${ticket.id}`} event="ticket" version={ticket.version} />
      <TicketShape price={ticket.price} isGone={ticket.status !== "available" && !order} isLarge>
        <Badge {...(order ? ownOrderLabels[order.status] : ticketLabels[ticket.status])} />
        <h1>{ticket.title}</h1>
        <p className="quiet">
          On EventHive since <DateTime iso={ticket.createdAt} />
        </p>
      </TicketShape>
      <section aria-label="What you can do" className="panel">
        {isMine ? (
          <Own ticket={ticket} />
        ) : (
          <Standing ticket={ticket} order={order} isSignedIn={isSignedIn} />
        )}
      </section>
    </article>
  );
}

function AwayTicket() {
  return (
    <div className="stack">
      <h1>A ticket</h1>
      <Away what="The tickets" />
    </div>
  );
}

interface StandingProps {
  ticket: Ticket;
  /** This visitor's own, when it is what holds the ticket. */
  order?: Order;
  isSignedIn: boolean;
}

/** What somebody who did not list the ticket can do with it as it is. */
function Standing({ ticket, order, isSignedIn }: StandingProps) {
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

function Own({ ticket }: { ticket: Ticket }) {
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

const findOrder = async (id: string) => (await read<Order>(`/api/orders/${id}`, { isOptional: true }))?.body;

/** https://schema.org/Offer */
function offerOf({ id, title, price, status }: Ticket): object {
  const { PUBLIC_URL, CURRENCY } = settings();
  return {
    "@context": "https://schema.org",
    "@type": "Offer",
    name: title,
    url: new URL(`/tickets/${id}`, PUBLIC_URL).href,
    price: price.toFixed(2),
    priceCurrency: CURRENCY.toUpperCase(),
    availability: `https://schema.org/${status === "available" ? "InStock" : "SoldOut"}`,
  };
}
