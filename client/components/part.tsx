import Link from "next/link";
import type { ReactNode } from "react";
import styles from "./part.module.css";

const pages = { API: "/api/docs", Events: "/api/docs/events" };

/** Links between the pages about interfaces. */
export function DocsNavigation({ current }: { current: keyof typeof pages }) {
  return (
    <nav aria-label="Documentation" className={`row ${styles.navigation}`}>
      {Object.entries(pages).map(([title, path]) => (
        <Link key={title} href={path} aria-current={title === current ? "page" : undefined}>
          {title}
        </Link>
      ))}
    </nav>
  );
}

/** A part of such a page. It opens when a link leads to its content. */
export function Part({ id, title, children }: { id: string; title: ReactNode; children: ReactNode }) {
  return (
    <details className={styles.part}>
      <summary>
        <h3>{title}</h3>
      </summary>
      <div id={id} className={styles.content}>
        {children}
      </div>
    </details>
  );
}

export function Example({ of: value }: { of: unknown }) {
  return (
    <>
      <h4>Example</h4>
      <pre className={styles.example}>{JSON.stringify(value, null, 2)}</pre>
    </>
  );
}
