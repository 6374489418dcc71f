import Link from "next/link";
import styles from "./footer.module.css";

export function Footer() {
  return (
    <footer className={styles.footer}>
      <p>
        <strong>EventHive</strong> · Every ticket is sold once. If you don’t get the ticket, you get your
        money back. · <Link href="/api/docs">API</Link>
      </p>
    </footer>
  );
}
