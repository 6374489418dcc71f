import type { Metadata } from "next";

export const metadata: Metadata = { title: "Sign out", robots: { index: false } };

/** A page that signs out by being looked at would do so for whoever fetches links ahead. */
export default function SignOutPage() {
  return (
    <div className="panel narrow">
      <h1>Sign out?</h1>
      <p className="lead">Reservations and listings stay as they are.</p>
      <form method="post" action="/auth/session">
        <button className="button primary" name="intent" value="signout">
          Sign out
        </button>
      </form>
    </div>
  );
}
