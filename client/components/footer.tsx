import styles from "./footer.module.css";

export function Footer() {
  return (
    <footer className={styles.footer}>
      <p>
        <strong>EventHive</strong> · Nobody gets a ticket twice, nobody pays for one they do not get.
      </p>
    </footer>
  );
}
