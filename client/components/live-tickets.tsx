"use client";

import { type ReactNode, useState } from "react";
import { useLive } from "@/lib/use-live";
import { useRefresh } from "@/lib/use-refresh";
import type { Ticket } from "@/lib/types";
import { TicketCard } from "./ticket-card";
import styles from "./live-tickets.module.css";

interface LiveTicketsProps {
  tickets: Ticket[];
  /** The list, on its first page: tickets that are put on sale later appear there. */
  list?: { q?: string; sort?: string };
  /** Whether more tickets follow on the next page. */
  isContinued: boolean;
  /** Shown as long as there are no tickets. */
  children: ReactNode;
}

const maxAdded = 100;

/** A page of the list. Changes to a ticket show immediately; its card keeps its place. */
export function LiveTickets({ tickets, list, isContinued, children }: LiveTicketsProps) {
  const refresh = useRefresh();
  const [updates, setUpdates] = useState<ReadonlyMap<string, Ticket>>(new Map());
  const ids = tickets.map(({ id }) => id);
  useLive<Ticket>({
    url: streamUrl(ids, list),
    event: "ticket",
    onState: (state) =>
      setUpdates((known) => {
        const isNew = !known.has(state.id) && !ids.includes(state.id);
        return isNew && state.status !== "available" ? known : new Map(known).set(state.id, state);
      }),
    onFailure: refresh,
  });
  const unknown = list ? [...updates.values()].filter(({ id }) => !ids.includes(id)) : [];
  const shown = merge(tickets, unknown.slice(-maxAdded), { sort: list?.sort, isContinued });
  if (shown.length === 0) return children;
  return (
    <ul className={styles.grid}>
      {shown.map((ticket) => {
        const update = updates.get(ticket.id);
        return (
          <TicketCard key={ticket.id} ticket={update && update.version > ticket.version ? update : ticket} />
        );
      })}
    </ul>
  );
}

function streamUrl(ids: string[], list: LiveTicketsProps["list"]): string {
  const query = new URLSearchParams();
  if (ids.length > 0) query.set("ids", ids.join());
  if (list) query.set("added", "true");
  if (list?.q) query.set("q", list.q);
  return `/api/tickets/stream?${query.toString()}`;
}

/** Each added ticket at its place in the order of the list, unless that is on a later page. */
function merge(
  tickets: Ticket[],
  added: Ticket[],
  { sort, isContinued }: { sort: string | undefined; isContinued: boolean },
): Ticket[] {
  // Ids begin with the time of their creation.
  if (sort !== "price" && sort !== "-price")
    return [...added.toSorted((one, other) => (one.id < other.id ? 1 : -1)), ...tickets];
  const direction = sort === "price" ? 1 : -1;
  const compare = (one: Ticket, other: Ticket) => direction * (one.price - other.price);
  const last = tickets.at(-1);
  const ofThisPage = added.filter((ticket) => !isContinued || !last || compare(ticket, last) < 0);
  return [...tickets, ...ofThisPage].toSorted(compare);
}
