"use client";

import { useEffect, useEffectEvent } from "react";

const POLL_EVERY_IN_MS = 5_000;

interface Live<State> {
  /** Of a stream whose first messages are what is true now, so that nothing is missed between two connections. */
  url: string;
  /** The `event:` of its messages. */
  event: string;
  onState: (state: State) => void;
  /** Asks in another way, while the stream cannot be had. */
  onPoll: () => void;
}

/** Hears of every change for as long as the page is open. */
export function useLive<State>({ url, event, onState, onPoll }: Live<State>): void {
  const hear = useEffectEvent((message: MessageEvent<string>) => onState(JSON.parse(message.data)));
  const poll = useEffectEvent(onPoll);

  useEffect(() => {
    let stream: EventSource;
    let timer: ReturnType<typeof setTimeout>;
    function open() {
      stream = new EventSource(url);
      stream.addEventListener(event, hear);
      // The browser itself comes back to a stream that broke off, but not to one that was refused.
      stream.addEventListener("error", () => {
        if (stream.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(() => {
          poll();
          open();
        }, POLL_EVERY_IN_MS);
      });
    }
    open();
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [url, event]);
}
