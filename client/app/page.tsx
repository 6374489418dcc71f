import type { Metadata } from "next";
import Link from "next/link";
import { Unavailable } from "@/components/unavailable";
import { LiveTickets } from "@/components/live-tickets";
import { Pager } from "@/components/pager";
import { SearchForm } from "@/components/search-form";
import { one } from "@/lib/query";
import { settings } from "@/lib/settings";
import { listTickets } from "@/lib/tickets";
import { durationInWords } from "@/lib/words";
import styles from "./page.module.css";

export async function generateMetadata({ searchParams }: PageProps<"/">): Promise<Metadata> {
  const { q, cursor } = one(await searchParams);
  // Search engines should index tickets, not every way to list them.
  if (!q && !cursor) return {};
  // Absolute: the layout's title template does not apply to the page of its own segment.
  return { title: { absolute: `${q ? `“${q}”` : "More tickets"} · EventHive` }, robots: { index: false } };
}

export default async function TicketsPage({ searchParams }: PageProps<"/">) {
  const { q, sort, cursor } = one(await searchParams);
  const response = await listTickets({ q, sort, cursor, limit: "24" });
  return (
    <div className="stack">
      <div className={styles.hero}>
        <h1>{q ? `Tickets for “${q}”` : "Tickets, person to person"}</h1>
        <p>
          Buy from people who can’t make it. Once you reserve a ticket, you have{" "}
          {durationInWords(settings().EXPIRATION_SECONDS)} to pay before it becomes available to others again.
        </p>
        <SearchForm q={q} sort={sort} />
      </div>
      {response ? (
        <LiveTickets
          tickets={response.body}
          list={cursor ? undefined : { q, sort }}
          isContinued={response.nextPage !== undefined}
        >
          <NoTickets q={q} isFirst={!cursor} />
        </LiveTickets>
      ) : (
        <Unavailable what="Tickets" />
      )}
      <Pager path="/" query={{ q, sort, cursor }} nextPage={response?.nextPage} />
    </div>
  );
}

function NoTickets({ q, isFirst }: { q?: string; isFirst: boolean }) {
  if (q) {
    return (
      <div className="panel">
        <h2>No tickets match “{q}”</h2>
        <p>Search matches the start of each word in a title. Try fewer or shorter words.</p>
        <p>
          <Link href="/">See all tickets</Link>
        </p>
      </div>
    );
  }
  return (
    <div className="panel">
      <h2>{isFirst ? "No tickets on sale yet" : "No more tickets"}</h2>
      <p>{isFirst ? "Be the first to list a ticket." : "You have reached the end of the list."}</p>
      <p>
        <Link className="button primary" href="/tickets/new">
          Sell a ticket
        </Link>
      </p>
    </div>
  );
}
