"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

/** Return to this page after signing in. */
export function SignInLinks() {
  const path = usePathname();
  const query = path === "/" || path.startsWith("/auth/") ? "" : `?next=${encodeURIComponent(path)}`;
  return (
    <>
      <Link href={`/auth/signin${query}`}>Sign in</Link>
      <Link href={`/auth/signup${query}`} className="button small primary">
        Sign up
      </Link>
    </>
  );
}
