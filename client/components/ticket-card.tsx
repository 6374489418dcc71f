import Link from "next/link";
import { ticketLabels } from "@/lib/labels";
import type { Ticket } from "@/lib/types";
import { Badge } from "./badge";
import { Money } from "./money";
import styles from "./ticket-card.module.css";

export function TicketCard({ ticket }: { ticket: Ticket }) {
  const isGone = ticket.status !== "available";
  return (
    <li className={`${styles.shadow} ${isGone ? styles.gone : ""}`}>
      <article className={styles.card}>
        <div className={styles.body}>
          <h2 className={styles.title}>
            <Link href={`/tickets/${ticket.id}`} prefetch={false}>
              {ticket.title}
            </Link>
          </h2>
          <Badge {...ticketLabels[ticket.status]} />
        </div>
        <p className={styles.stub}>
          <span className="visually-hidden">Price: </span>
          <Money amount={ticket.price} />
        </p>
      </article>
    </li>
  );
}
