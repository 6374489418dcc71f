import type { ReactNode } from "react";
import styles from "./list.module.css";

export function List({ label, children }: { label: string; children?: ReactNode[] }) {
  if (!children?.length) return null;
  return (
    <ul aria-label={label} className={styles.list}>
      {children}
    </ul>
  );
}

interface ListItemProps {
  title: ReactNode;
  facts: ReactNode;
  badge: ReactNode;
  /** Actions. */
  children?: ReactNode;
}

export function ListItem({ title, facts, badge, children }: ListItemProps) {
  return (
    <li className={styles.item}>
      <div className={styles.about}>
        <h2 className={styles.title}>{title}</h2>
        <p className="quiet">{facts}</p>
      </div>
      {badge}
      <div className={styles.actions}>{children}</div>
    </li>
  );
}
