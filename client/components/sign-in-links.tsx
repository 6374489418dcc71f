"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

/** Pages that are useless as return targets after signing in. */
const isAnEnd = /^\/(auth\/.*|forgot-password|reset-password)?$/;

/** Return to this page after signing in. */
export function SignInLinks() {
  const path = usePathname();
  const query = isAnEnd.test(path) ? "" : `?next=${encodeURIComponent(path)}`;
  return (
    <>
      <Link href={`/auth/signin${query}`}>Sign in</Link>
      <Link href={`/auth/signup${query}`} className="button small primary">
        Sign up
      </Link>
    </>
  );
}
