"use client";

import { isAxiosError } from "axios";
import { useEffect, useEffectEvent } from "react";
import { buildClient } from "./build-client";
import { pauseMs } from "./pause";

const pollPause = { firstMs: 5_000, maxMs: 60_000 };

interface Live<State> {
  /** Of a stream whose first messages are what is true now, so that nothing is missed between two connections. */
  url: string;
  /** The `event:` of its messages. */
  event: string;
  onState: (state: State) => void;
  /** Neither the stream nor its states can be had. After 401, 403 and 404, nothing more is asked. */
  onFailure: (status: number | undefined) => void;
}

/** Hears of every change for as long as somebody looks at the page. */
export function useLive<State>({ url, event, onState, onFailure }: Live<State>): void {
  const hear = useEffectEvent((message: MessageEvent<string>) => onState(JSON.parse(message.data)));
  const take = useEffectEvent((states: State[]) => states.forEach(onState));
  const fail = useEffectEvent(onFailure);

  useEffect(() => {
    let stream: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let polling = new AbortController();
    let refusals = 0;

    function open(): void {
      const opened = new EventSource(url);
      opened.addEventListener(event, hear);
      opened.addEventListener("open", () => {
        refusals = 0;
      });
      // The browser itself comes back to a stream that broke off, but not to one that was refused.
      opened.addEventListener("error", () => {
        if (opened.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(() => void poll(polling.signal), pauseMs(refusals, pollPause));
        refusals += 1;
      });
      stream = opened;
    }

    // The same address in JSON: one query, where a page is many. And an EventSource does not tell why it was refused.
    async function poll(signal: AbortSignal): Promise<void> {
      try {
        const { data } = await buildClient().get<State[]>(url, {
          signal,
          headers: { accept: "application/json" },
        });
        take(data);
      } catch (error) {
        const status = isAxiosError(error) ? error.response?.status : undefined;
        if (signal.aborted) return;
        fail(status);
        if (status === 401 || status === 403 || status === 404) return;
      }
      if (!signal.aborted) open();
    }

    function close(): void {
      clearTimeout(timer);
      polling.abort();
      stream?.close();
    }

    // A browser has few connections, so a page that nobody looks at has none. What it missed comes when it is back.
    function follow(): void {
      close();
      polling = new AbortController();
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
