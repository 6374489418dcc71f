"use client";

import { useRouter } from "next/navigation";
import { useCallback } from "react";

/** Has the server render the page again. Not while it is unavailable: Next would leave the page, and its input would be lost. */
export function useRefresh(): () => void {
  const router = useRouter();
  return useCallback(() => {
    void fetch("/readyz", { method: "HEAD" }).then(
      ({ ok }) => ok && router.refresh(),
      () => undefined, // the next refresh may succeed
    );
  }, [router]);
}
