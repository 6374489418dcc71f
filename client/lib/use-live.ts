"use client";

import { useEffect, useEffectEvent } from "react";

const pollEveryMilliseconds = 5_000;

interface Live<State> {
  /** Of a stream whose first messages are what is true now, so that nothing is missed between two connections. */
  url: string;
  /** The `event:` of its messages. */
  event: string;
  onState: (state: State) => void;
  /** Asks in another way, while the stream cannot be had. */
  onPoll: () => void;
}

/** Hears of every change for as long as somebody looks at the page. */
export function useLive<State>({ url, event, onState, onPoll }: Live<State>): void {
  const hear = useEffectEvent((message: MessageEvent<string>) => onState(JSON.parse(message.data)));
  const poll = useEffectEvent(onPoll);

  useEffect(() => {
    let stream: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;

    function open(): void {
      const opened = new EventSource(url);
      opened.addEventListener(event, hear);
      // The browser itself comes back to a stream that broke off, but not to one that was refused.
      opened.addEventListener("error", () => {
        if (opened.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(() => {
          poll();
          open();
        }, pollEveryMilliseconds);
      });
      stream = opened;
    }

    function close(): void {
      clearTimeout(timer);
      stream?.close();
    }

    // A browser has few connections, so a page that nobody looks at has none. What it missed comes when it is back.
    function follow(): void {
      close();
      if (document.visibilityState === "visible") open();
    }

    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      close();
    };
  }, [url, event]);
}
