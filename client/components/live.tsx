"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { pauseMs } from "@/lib/pause";
import type { Ticket } from "@/lib/types";
import { useLive } from "@/lib/use-live";
import { useRefresh } from "@/lib/use-refresh";

interface LiveProps {
  /** A stream of one order or ticket. */
  url: string;
  event: "order" | "ticket";
  /** The version that the page shows. */
  version: number;
  /** Spreads the renderings of pages that receive the same change at once. */
  maxDelayMs?: number;
}

/** Has the server render the page again whenever the order or ticket has changed. */
export function Live({ url, event, version, maxDelayMs = 0 }: LiveProps) {
  const refresh = useRefresh();
  const path = usePathname();
  const [isSignedOut, setSignedOut] = useState(false);
  const delayed = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(delayed.current), []);

  function refreshSoon(): void {
    delayed.current ??= setTimeout(() => {
      delayed.current = undefined;
      refresh();
    }, Math.random() * maxDelayMs);
  }

  useLive<{ version: number }>({
    url,
    event,
    onState: (state) => {
      setSignedOut(false); // or the user has signed in in another tab
      if (state.version > version) refreshSoon();
    },
    // Without a session, a refresh would replace the page with the sign-in form.
    onFailure: (status) => (status === 401 ? setSignedOut(true) : refresh()),
  });
  if (!isSignedOut) return null;
  return (
    <div className="notice" role="alert">
      <strong>Your session has ended.</strong> This page is no longer updated.{" "}
      <Link href={`/auth/signin?next=${encodeURIComponent(path)}`}>Sign in again</Link>
    </div>
  );
}

/** Renders the page again when the browser restores it from its history, because it may be outdated. */
export function RefreshOnBack() {
  const refresh = useRefresh();
  useEffect(() => {
    const onPageShow = ({ persisted }: PageTransitionEvent) => persisted && refresh();
    const onPopState = () => refresh();
    window.addEventListener("pageshow", onPageShow);
    window.addEventListener("popstate", onPopState);
    return () => {
      window.removeEventListener("pageshow", onPageShow);
      window.removeEventListener("popstate", onPopState);
    };
  }, [refresh]);
  return null;
}

/** For a page of one ticket, which many visitors may have open. */
export function LiveTicket({ ticket: { id, version } }: { ticket: Pick<Ticket, "id" | "version"> }) {
  const url = `/api/tickets/stream?ids=${id}`;
  return <Live url={url} event="ticket" version={version} maxDelayMs={1_000} />;
}

/** Renders the page again with growing pauses, while it is visible and shows a state that no stream reports. */
export function Polling({ firstMs }: { firstMs: number }) {
  const refresh = useRefresh();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let attempts = 0;
    function schedule(): void {
      timer = setTimeout(
        () => {
          if (document.visibilityState === "visible") {
            refresh();
            attempts += 1;
          }
          schedule();
        },
        pauseMs(attempts, { firstMs, maxMs: 30_000 }),
      );
    }
    schedule();
    return () => clearTimeout(timer);
  }, [refresh, firstMs]);
  return null;
}
