"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { useLive } from "@/lib/use-live";

interface LiveProps {
  /** A stream of one thing. */
  url: string;
  event: "order" | "ticket";
  /** What the page shows of it. */
  version: number;
}

/** Renders the page again, on the server, whenever what it shows has changed. */
export function Live({ url, event, version }: LiveProps) {
  const router = useRouter();
  useLive<{ version: number }>({
    url,
    event,
    onState: (state) => {
      if (state.version > version) router.refresh();
    },
    onPoll: () => router.refresh(),
  });
  return null;
}

/** Renders the page again and again, while it shows what nobody announces and somebody looks at it. */
export function Polling({ everyInMs }: { everyInMs: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, everyInMs);
    return () => clearInterval(timer);
  }, [router, everyInMs]);
  return null;
}
