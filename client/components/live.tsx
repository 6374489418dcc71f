"use client";

import { useEffect } from "react";
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
  useLive<{ version: number }>({
    url,
    event,
    onState: (state) => {
      if (state.version > version) refresh();
    },
    onPoll: refresh,
  });
  return null;
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

/** Renders the page again and again, while it shows what nobody announces and somebody looks at it. */
export function Polling({ everyMilliseconds }: { everyMilliseconds: number }) {
  const refresh = useRefresh();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") refresh();
    }, everyMilliseconds);
    return () => clearInterval(timer);
  }, [refresh, everyMilliseconds]);
  return null;
}
