import type { Metadata } from "next";
import { cookies } from "next/headers";
import Link from "next/link";
import { ResetPasswordForm } from "@/components/recovery-forms";
import { linkCookie } from "@/lib/link-pages";
import { one } from "@/lib/query";
import { lastRefusal } from "@/lib/refusal";
import { settings } from "@/lib/settings";

export const metadata: Metadata = { title: "Set a new password", robots: { index: false } };

export default async function ResetPasswordPage({ searchParams }: PageProps<"/reset-password">) {
  const token = (await cookies()).get(linkCookie)?.value;
  const failed = await lastRefusal(one(await searchParams));
  return (
    <div className="panel narrow">
      <h1>Set a new password</h1>
      {token ? (
        <>
          <p className="lead">You will be signed out on all devices.</p>
          <ResetPasswordForm token={token} failed={failed?.problem} />
        </>
      ) : (
        <p className="notice">Open the link in the email again.</p>
      )}
      {settings().MAIL === "smtp" && (
        <p>
          <Link href="/forgot-password">Send another link</Link>
        </p>
      )}
    </div>
  );
}
