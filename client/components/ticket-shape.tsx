import type { ReactNode } from "react";
import { Money } from "./money";
import styles from "./ticket-shape.module.css";

interface TicketShapeProps {
  price: number;
  isUnavailable?: boolean;
  isLarge?: boolean;
  children: ReactNode;
}

/** A ticket drawn as paper: the price is on the stub, with notches at the perforation. */
export function TicketShape({ price, isUnavailable, isLarge, children }: TicketShapeProps) {
  return (
    <div
      className={[styles.shadow, isUnavailable && styles.gone, isLarge && styles.large]
        .filter(Boolean)
        .join(" ")}
    >
      <div className={styles.shape}>
        <div className={styles.body}>{children}</div>
        <p className={styles.stub}>
          <span className="visually-hidden">Price: </span>
          <Money amount={price} />
        </p>
      </div>
    </div>
  );
}
