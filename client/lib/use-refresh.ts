"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect } from "react";

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

/** Has the server render the page again when the component is mounted. */
export function useRefreshOnMount(): void {
  const refresh = useRefresh();
  useEffect(refresh, [refresh]);
}
