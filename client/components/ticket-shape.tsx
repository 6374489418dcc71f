import type { ReactNode } from "react";
import { Money } from "./money";
import styles from "./ticket-shape.module.css";

interface TicketShapeProps {
  price: number;
  isGone?: boolean;
  isLarge?: boolean;
  children: ReactNode;
}

/** A ticket as one holds it: notches where its stub comes off, and on the stub the price. */
export function TicketShape({ price, isGone, isLarge, children }: TicketShapeProps) {
  return (
    <div
      className={[styles.shadow, isGone && styles.gone, isLarge && styles.large].filter(Boolean).join(" ")}
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
