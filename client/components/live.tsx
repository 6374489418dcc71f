"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import { pauseMs } from "@/lib/pause";
import type { Ticket } from "@/lib/types";
import { useLive } from "@/lib/use-live";
import { useRefresh } from "@/lib/use-refresh";

interface LiveProps {
  /** A stream of one thing. */
  url: string;
  event: "order" | "ticket";
  /** What the page shows of it. */
  version: number;
}

/** Renders the page again, on the server, whenever what it shows has changed. */
export function Live({ url, event, version }: LiveProps) {
  const refresh = useRefresh();
  const path = usePathname();
  const [isSignedOut, setSignedOut] = useState(false);
  useLive<{ version: number }>({
    url,
    event,
    onState: (state) => {
      setSignedOut(false); // or its reader has signed in elsewhere
      if (state.version > version) refresh();
    },
    // A page without a session would be the form to sign in: what is on this one is kept until its reader goes there.
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

/** Renders a page again that comes out of the browser's history, which shows it as it was when it was left. */
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

/** For a page of one ticket. */
export function LiveTicket({ ticket: { id, version } }: { ticket: Pick<Ticket, "id" | "version"> }) {
  const url = `/api/tickets/stream?ids=${id}`;
  return <Live url={url} event="ticket" version={version} />;
}

/** Renders the page again and again, ever more rarely, while it shows what nobody announces and somebody looks at it. */
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
