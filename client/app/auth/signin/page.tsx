import type { Metadata } from "next";
import Link from "next/link";
import { SessionForm } from "@/components/session-form";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { safePath } from "@/lib/safe-path";
import { settings } from "@/lib/settings";

export const metadata: Metadata = { title: "Sign in", robots: { index: false } };

export default async function SignInPage({ searchParams }: PageProps<"/auth/signin">) {
  const query = one(await searchParams);
  const next = safePath(query.next);
  return (
    <div className="panel narrow">
      <h1>Sign in</h1>
      {next !== "/" && <p className="notice">Sign in to continue where you left off.</p>}
      {query.reset !== undefined && (
        <p role="status" className="notice">
          Your password was changed. Sign in with the new one.
        </p>
      )}
      <SessionForm intent="signin" next={next} failed={await lastRefusal(query)} />
      {settings().MAIL === "smtp" && (
        <p>
          <Link href="/forgot-password">Forgot your password?</Link>
        </p>
      )}
      <p>
        New here? <Link href={`/auth/signup?${new URLSearchParams({ next }).toString()}`}>Sign up</Link>
      </p>
    </div>
  );
}
