"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

/** What to say instead of "Sign in first": a way to sign in, and back to this page. */
export function SessionEnded({ goOn }: { goOn: string }) {
  const path = usePathname();
  return (
    <>
      You are no longer signed in. <Link href={`/auth/signin?next=${encodeURIComponent(path)}`}>Sign in</Link>
      {goOn}
    </>
  );
}
