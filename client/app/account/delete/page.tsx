import type { Metadata } from "next";
import Link from "next/link";
import { AccountForm } from "@/components/account-form";
import { CurrentPasswordField, SubmitButton } from "@/components/form";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { mustBeSignedIn } from "@/lib/server";

export const metadata: Metadata = { title: "Delete your account", robots: { index: false } };

/** Confirms first, with the password: a session that was left open must not be enough. */
export default async function DeleteAccountPage({ searchParams }: PageProps<"/account/delete">) {
  await mustBeSignedIn("/account/delete");
  return (
    <div className="panel narrow">
      <h1>Delete your account?</h1>
      <p>
        Reservations that are not paid yet are cancelled, and listings are withdrawn. You can no longer see
        your orders and receipts, so print what you need first.
      </p>
      <p>
        <strong>This cannot be undone.</strong>
      </p>
      <AccountForm intent="deletion" failed={(await lastRefusal(one(await searchParams)))?.problem}>
        <CurrentPasswordField label="Password" />
        <SubmitButton className="danger" sending="Deleting…">
          Delete account
        </SubmitButton>
      </AccountForm>
      <p>
        <Link href="/account">Keep my account</Link>
      </p>
    </div>
  );
}
