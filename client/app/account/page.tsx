import type { Metadata } from "next";
import Link from "next/link";
import { AccountForm } from "@/components/account-form";
import { Badge } from "@/components/badge";
import { CurrentPasswordField, NewPasswordField, SubmitButton } from "@/components/form";
import { Unavailable } from "@/components/unavailable";
import { type AccountIntent, isAccountIntent } from "@/lib/account-request";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { currentUser, isEmailVerified, mustBeSignedIn } from "@/lib/server";
import { settings } from "@/lib/settings";

export const metadata: Metadata = { title: "Your account", robots: { index: false } };

const outcomes: Record<Exclude<AccountIntent, "deletion">, string> = {
  verification: "We have sent you an email with a link.",
  password: "Your password was changed, and you are signed out on all other devices.",
  sessions: "You are signed out on all other devices.",
};

export default async function AccountPage({ searchParams }: PageProps<"/account">) {
  const query = one(await searchParams);
  const { done = "", refused } = query;
  const user = await currentUser();
  if (user === null && done === "deletion") return <Deleted />;
  await mustBeSignedIn("/account");
  if (!user) {
    return (
      <div className="stack narrow">
        <h1>Your account</h1>
        <Unavailable what="Accounts" />
      </div>
    );
  }
  const problem = (await lastRefusal(query))?.problem;
  const failed = (intent: AccountIntent) => (refused === intent ? problem : undefined);
  const emailVerified = await isEmailVerified("/account");
  const canConfirm = settings().MAIL === "smtp" && emailVerified === false;
  return (
    <div className="stack narrow">
      <h1>Your account</h1>
      {isAccountIntent(done) && done !== "deletion" && (
        <p role="status" className="notice">
          {outcomes[done]}
        </p>
      )}
      <section className="panel">
        <h2>Email</h2>
        <dl className="facts">
          <dt>Address</dt>
          <dd>
            {user.email} {emailVerified && <Badge tone="good" text="Confirmed" />}
            {canConfirm && <Badge tone="wait" text="Not confirmed" />}
          </dd>
        </dl>
        {canConfirm && done !== "verification" && (
          <AccountForm intent="verification" failed={failed("verification")}>
            <SubmitButton className="" sending="Sending…">
              Send a confirmation email
            </SubmitButton>
          </AccountForm>
        )}
      </section>
      <section className="panel">
        <h2>Password</h2>
        <p>A new password signs you out on all other devices.</p>
        <AccountForm intent="password" failed={failed("password")}>
          {/* For password managers. */}
          <input type="email" autoComplete="username" value={user.email} readOnly hidden />
          <CurrentPasswordField label="Current password" />
          <NewPasswordField name="newPassword" label="New password" />
          <SubmitButton sending="Saving…">Change password</SubmitButton>
        </AccountForm>
      </section>
      <section className="panel">
        <h2>Other devices</h2>
        <p>Lost a device, or still signed in on a shared one? You will stay signed in here.</p>
        <AccountForm intent="sessions" failed={failed("sessions")}>
          <SubmitButton className="" sending="Signing out…">
            Sign out on all other devices
          </SubmitButton>
        </AccountForm>
      </section>
      <section className="panel">
        <h2>Delete account</h2>
        <p>This cannot be undone.</p>
        <p>
          <Link className="button" href="/account/delete">
            Delete your account
          </Link>
        </p>
      </section>
    </div>
  );
}

function Deleted() {
  return (
    <div className="panel narrow">
      <h1>Account deleted</h1>
      <p role="status">Your account was deleted, and you are signed out on all devices.</p>
      <Link href="/">See tickets</Link>
    </div>
  );
}
