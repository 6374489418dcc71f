"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

/** Replaces the API's "Sign in first" with a link that returns to this page. */
export function SessionEnded({ toDo }: { toDo: string }) {
  const path = usePathname();
  return (
    <>
      You are no longer signed in. <Link href={`/auth/signin?next=${encodeURIComponent(path)}`}>Sign in</Link>{" "}
      {toDo}
    </>
  );
}
