import type { Metadata } from "next";
import Link from "next/link";
import { Unavailable } from "@/components/unavailable";
import { Badge } from "@/components/badge";
import { DateTime } from "@/components/date-time";
import { List, ListItem } from "@/components/list";
import { Money } from "@/components/money";
import { Pager } from "@/components/pager";
import { WithdrawButton } from "@/components/withdraw-button";
import { ticketLabels } from "@/lib/labels";
import { one } from "@/lib/query";
import { mustBeSignedIn, read } from "@/lib/server";
import type { Listing } from "@/lib/types";

export const metadata: Metadata = { title: "My listings", robots: { index: false } };

export default async function ListingsPage({ searchParams }: PageProps<"/listings">) {
  const { cursor } = one(await searchParams);
  await mustBeSignedIn("/listings");
  const response = await read<Listing[]>("/api/tickets", {
    query: { mine: true, cursor, limit: 24 },
    path: "/listings",
  });
  return (
    <div className="stack">
      <h1>My listings</h1>
      <p>
        <Link href="/listings/sales">My sales</Link>
      </p>
      {!response && <Unavailable what="Your listings" />}
      {response?.body.length === 0 && (
        <div className="panel">
          <h2>No listings yet</h2>
          <p>Have a ticket you can’t use? Sell it to someone who can.</p>
          <p>
            <Link className="button primary" href="/tickets/new">
              Sell a ticket
            </Link>
          </p>
        </div>
      )}
      <List label="My listings">
        {response?.body.map((ticket) => (
          <ListItem
            key={ticket.id}
            title={<Link href={`/tickets/${ticket.id}`}>{ticket.title}</Link>}
            facts={
              <>
                <Money amount={ticket.price} /> · listed <DateTime iso={ticket.createdAt} />
                {unpaidInWords(ticket)}
              </>
            }
            badge={<Badge {...ticketLabels[ticket.status]} />}
          >
            {ticket.status === "available" && (
              <>
                <Link className="button small" href={`/tickets/${ticket.id}/edit`}>
                  Edit<span className="visually-hidden"> {ticket.title}</span>
                </Link>
                <WithdrawButton ticketId={ticket.id} />
              </>
            )}
          </ListItem>
        ))}
      </List>
      <Pager path="/listings" query={{ cursor }} nextPage={response?.nextPage} />
    </div>
  );
}

function unpaidInWords({ unpaidReservations: count }: Listing): string {
  if (count === 0) return "";
  return ` · reserved ${count === 1 ? "once" : `${count} times`} without payment in the last 24 hours`;
}
