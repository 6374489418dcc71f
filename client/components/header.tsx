import Link from "next/link";
import { currentUser } from "@/lib/server";
import styles from "./header.module.css";
import { Polling } from "./live";
import { Mark } from "./mark";
import { SignInLinks } from "./sign-in-links";

export async function Header() {
  const user = await currentUser();
  return (
    <header className={styles.header}>
      <div className={styles.bar}>
        <Link href="/" className={styles.brand}>
          <Mark />
          EventHive
        </Link>
        <nav aria-label="Main" className={styles.nav}>
          <Link href="/">Tickets</Link>
          <Link href="/tickets/new">Sell</Link>
          {user !== null && (
            <>
              <Link href="/orders">My orders</Link>
              <Link href="/listings">My listings</Link>
            </>
          )}
        </nav>
        <div className={styles.account}>
          {user && <span className={styles.email}>{user.email}</span>}
          {user && <Link href="/account">Account</Link>}
          {user && (
            <form method="post" action="/auth/session">
              <button className="button small" name="intent" value="signout">
                Sign out
              </button>
            </form>
          )}
          {user === null && <SignInLinks />}
          {user === undefined && (
            <span className={styles.unavailable}>
              Accounts are temporarily unavailable
              <Polling firstMs={5_000} />
            </span>
          )}
        </div>
      </div>
    </header>
  );
}
