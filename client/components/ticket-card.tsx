import Link from "next/link";
import { ticketLabels } from "@/lib/labels";
import type { Ticket } from "@/lib/types";
import { Badge } from "./badge";
import styles from "./ticket-card.module.css";
import { TicketShape } from "./ticket-shape";

/** A ticket in the list; the whole card is one link. */
export function TicketCard({ ticket }: { ticket: Ticket }) {
  return (
    <li className={styles.card}>
      <TicketShape price={ticket.price} isUnavailable={ticket.status !== "available"}>
        <h2 className={styles.title}>
          <Link href={`/tickets/${ticket.id}`} prefetch={false}>
            {ticket.title}
          </Link>
        </h2>
        <Badge {...ticketLabels[ticket.status]} />
      </TicketShape>
    </li>
  );
}
