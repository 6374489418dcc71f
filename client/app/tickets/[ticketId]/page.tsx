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
import { ticketLabels } from "@/lib/labels";
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
  return (
    <article className={styles.ticket}>
      <JsonLd data={offerOf(ticket)} />
      <Live url={`/api/tickets/stream?ids=${ticket.id}`} event="ticket" version={ticket.version} />
      <TicketShape price={ticket.price} isGone={ticket.status !== "available"} isLarge>
        <Badge {...ticketLabels[ticket.status]} />
        <h1>{ticket.title}</h1>
        <p className="quiet">
          On EventHive since <DateTime iso={ticket.createdAt} />
        </p>
      </TicketShape>
      <section aria-label="What you can do" className="panel">
        <Standing ticket={ticket} userId={user?.id} />
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

/** What this visitor can do with the ticket as it is. */
async function Standing({ ticket, userId }: { ticket: Ticket; userId?: string }) {
  if (ticket.userId === userId) return <Own ticket={ticket} />;
  const order = userId && ticket.orderId ? await findOrder(ticket.orderId) : undefined;
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
      {userId && <ReserveButton ticket={ticket} />}
      {!userId && ticket.status === "available" && (
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
