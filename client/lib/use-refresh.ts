"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect } from "react";

/** Has the server render the page again. Not while that is away: Next would leave the page, and what was typed with it. */
export function useRefresh(): () => void {
  const router = useRouter();
  return useCallback(() => {
    void fetch("/readyz", { method: "HEAD" }).then(
      ({ ok }) => ok && router.refresh(),
      () => undefined, // the next time, then
    );
  }, [router]);
}

/** Has the server render the page again as soon as it is shown. */
export function useRefreshOnMount(): void {
  const refresh = useRefresh();
  useEffect(refresh, [refresh]);
}
