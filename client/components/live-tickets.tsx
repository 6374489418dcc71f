"use client";

import { useState } from "react";
import { useLive } from "@/lib/use-live";
import { useRefresh } from "@/lib/use-refresh";
import type { Ticket } from "@/lib/types";
import { TicketCard } from "./ticket-card";
import styles from "./live-tickets.module.css";

/** A page of the list. Whatever happens to a ticket shows at once, and its card stays where it is. */
export function LiveTickets({ tickets }: { tickets: Ticket[] }) {
  const refresh = useRefresh();
  const [heard, setHeard] = useState<ReadonlyMap<string, Ticket>>(new Map());
  const ids = tickets.map(({ id }) => id).join();
  useLive<Ticket>({
    url: `/api/tickets/stream?ids=${ids}`,
    event: "ticket",
    onState: (state) => setHeard((known) => new Map(known).set(state.id, state)),
    onFailure: refresh,
  });
  return (
    <ul className={styles.grid}>
      {tickets.map((ticket) => {
        const news = heard.get(ticket.id);
        return <TicketCard key={ticket.id} ticket={news && news.version > ticket.version ? news : ticket} />;
      })}
    </ul>
  );
}
