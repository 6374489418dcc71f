import type { Metadata } from "next";

export const metadata: Metadata = { title: "Sign out", robots: { index: false } };

/** Confirms first: a GET must not sign out, because browsers prefetch links. */
export default function SignOutPage() {
  return (
    <div className="panel narrow">
      <h1>Sign out?</h1>
      <p className="lead">Your reservations and listings are kept.</p>
      <form method="post" action="/auth/session">
        <button className="button primary" name="intent" value="signout">
          Sign out
        </button>
      </form>
    </div>
  );
}
