import type { Metadata } from "next";
import { Unavailable } from "@/components/unavailable";
import { Badge } from "@/components/badge";
import { DateTime } from "@/components/date-time";
import { JsonLd } from "@/components/json-ld";
import { LiveTicket } from "@/components/live";
import { TicketShape } from "@/components/ticket-shape";
import { ownOrderLabels, ticketLabels } from "@/lib/labels";
import { currentUser, read } from "@/lib/server";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";
import type { Order, Ticket } from "@/lib/types";
import { NextStep, SellerStep } from "./next-step";
import styles from "./page.module.css";

type Props = PageProps<"/tickets/[ticketId]">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const ticket = (await findTicket((await params).ticketId))?.body;
  if (!ticket) return { title: "Ticket" };
  const description = `${ticket.title}: ${ticketLabels[ticket.status].text.toLowerCase()} on EventHive.`;
  return {
    title: ticket.title,
    description,
    openGraph: { title: ticket.title, description, url: "./" },
  };
}

export default async function TicketPage({ params }: Props) {
  const { ticketId } = await params;
  const [response, user] = await Promise.all([findTicket(ticketId), currentUser()]);
  if (!response) return <UnavailableTicket />;
  const ticket = response.body;
  const isMine = ticket.userId === user?.id;
  const isSignedIn = user !== null; // unknown while auth is unavailable: the other services check the session
  const order = isSignedIn && !isMine && ticket.orderId ? await findOrder(ticket.orderId) : undefined;
  return (
    <article className={styles.ticket}>
      <JsonLd data={offerOf(ticket)} />
      <LiveTicket ticket={ticket} />
      <TicketShape price={ticket.price} isUnavailable={ticket.status !== "available" && !order} isLarge>
        <Badge {...(order ? ownOrderLabels[order.status] : ticketLabels[ticket.status])} />
        <h1>{ticket.title}</h1>
        <p className="quiet">
          Listed <DateTime iso={ticket.createdAt} />
        </p>
      </TicketShape>
      <section aria-label="Next steps" className="panel">
        {isMine ? (
          <SellerStep ticket={ticket} />
        ) : (
          <NextStep ticket={ticket} order={order} isSignedIn={isSignedIn} />
        )}
      </section>
    </article>
  );
}

function UnavailableTicket() {
  return (
    <div className="stack">
      <h1>Ticket</h1>
      <Unavailable what="Tickets" />
    </div>
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
