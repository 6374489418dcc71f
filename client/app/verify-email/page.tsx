import type { Metadata } from "next";
import { cookies } from "next/headers";
import Link from "next/link";
import { AccountForm } from "@/components/account-form";
import { SubmitButton } from "@/components/form";
import { linkCookie } from "@/lib/link-pages";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { currentUser, isEmailVerified } from "@/lib/server";
import { settings } from "@/lib/settings";

export const metadata: Metadata = { title: "Confirm your email", robots: { index: false } };

export default async function VerifyEmailPage({ searchParams }: PageProps<"/verify-email">) {
  const query = one(await searchParams);
  const token = (await cookies()).get(linkCookie)?.value;
  const problem = (await lastRefusal(query))?.problem;
  if (query.verified !== undefined)
    return (
      <div className="panel narrow">
        <h1>Email confirmed</h1>
        <p role="status">Thank you. Your email address is confirmed.</p>
        <Link href="/">See tickets</Link>
      </div>
    );
  return (
    <div className="panel narrow">
      <h1>Confirm your email</h1>
      {problem && (
        <p role="alert" className="notice bad">
          {problem.message ?? problem.fields.token}
        </p>
      )}
      {token && !problem && (
        <form method="post" action="/auth/recovery">
          <input type="hidden" name="intent" value="verify" />
          <input type="hidden" name="token" value={token} />
          <p>Press the button to confirm that this email address is yours.</p>
          <button className="button primary">Confirm</button>
        </form>
      )}
      {!token && <p className="notice">Open the link in the email again.</p>}
      {(problem || !token) && settings().MAIL === "smtp" && <SendAgain />}
    </div>
  );
}

async function SendAgain() {
  if (!(await currentUser()))
    return (
      <p>
        <Link href="/auth/signin?next=/verify-email">Sign in</Link> to send another link.
      </p>
    );
  if (await isEmailVerified("/verify-email")) return <p>Your email address is already confirmed.</p>;
  return (
    <AccountForm intent="verification">
      <SubmitButton className="" sending="Sending…">
        Send the email again
      </SubmitButton>
    </AccountForm>
  );
}
