"use client";

import { useState } from "react";
import { useLive } from "@/lib/use-live";
import { useRefresh } from "@/lib/use-refresh";
import type { Ticket } from "@/lib/types";
import { TicketCard } from "./ticket-card";
import styles from "./live-tickets.module.css";

/** A page of the list. Changes of a ticket show immediately; its card keeps its place. */
export function LiveTickets({ tickets }: { tickets: Ticket[] }) {
  const refresh = useRefresh();
  const [updates, setUpdates] = useState<ReadonlyMap<string, Ticket>>(new Map());
  const ids = tickets.map(({ id }) => id).join();
  useLive<Ticket>({
    url: `/api/tickets/stream?ids=${ids}`,
    event: "ticket",
    onState: (state) => setUpdates((known) => new Map(known).set(state.id, state)),
    onFailure: refresh,
  });
  return (
    <ul className={styles.grid}>
      {tickets.map((ticket) => {
        const update = updates.get(ticket.id);
        return (
          <TicketCard key={ticket.id} ticket={update && update.version > ticket.version ? update : ticket} />
        );
      })}
    </ul>
  );
}
