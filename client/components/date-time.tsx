"use client";

import { useSyncExternalStore } from "react";

const inWords = (iso: string, timeZone?: string) =>
  new Intl.DateTimeFormat("en-US", {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone,
  }).format(new Date(iso));

const never = () => () => undefined;

/** In the visitor's own time zone, which the server does not know: until the page is alive, in UTC. */
export function DateTime({ iso }: { iso: string }) {
  const text = useSyncExternalStore(
    never,
    () => inWords(iso),
    () => `${inWords(iso, "UTC")} UTC`,
  );
  return <time dateTime={iso}>{text}</time>;
}
