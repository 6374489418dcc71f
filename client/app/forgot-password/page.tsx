import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { ForgotPasswordForm } from "@/components/recovery-forms";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { settings } from "@/lib/settings";

export const metadata: Metadata = { title: "Forgot your password", robots: { index: false } };

export default async function ForgotPasswordPage({ searchParams }: PageProps<"/forgot-password">) {
  if (settings().MAIL === "off") notFound();
  const query = one(await searchParams);
  if (query.sent !== undefined)
    return (
      <div className="panel narrow">
        <h1>Check your email</h1>
        <p role="status">
          If there is an account with this email, we have sent a link to it. The link works only once, and
          expires soon.
        </p>
        <p>
          No email? Check your spam folder, or <Link href="/forgot-password">try again</Link>.
        </p>
      </div>
    );
  return (
    <div className="panel narrow">
      <h1>Forgot your password?</h1>
      <p className="lead">Enter your account’s email, and we will send you a link to set a new password.</p>
      <ForgotPasswordForm failed={await lastRefusal(query)} />
      <p>
        <Link href="/auth/signin">Back to sign-in</Link>
      </p>
    </div>
  );
}
