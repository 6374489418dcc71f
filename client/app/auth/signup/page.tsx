import type { Metadata } from "next";
import Link from "next/link";
import { SessionForm } from "@/components/session-form";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { safePath } from "@/lib/safe-path";

export const metadata: Metadata = { title: "Sign up", robots: { index: false } };

export default async function SignUpPage({ searchParams }: PageProps<"/auth/signup">) {
  const query = one(await searchParams);
  const next = safePath(query.next);
  return (
    <div className="panel narrow">
      <h1>Sign up</h1>
      <p className="lead">All you need is an email address and a password.</p>
      <SessionForm intent="signup" next={next} failed={await lastRefusal(query)} />
      <p>
        Already have an account?{" "}
        <Link href={`/auth/signin?${new URLSearchParams({ next }).toString()}`}>Sign in</Link>
      </p>
    </div>
  );
}
