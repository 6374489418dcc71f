"use client";

import { isAxiosError } from "axios";
import { useEffect, useEffectEvent } from "react";
import { buildClient } from "./build-client";
import { pauseMs } from "./pause";

const pollPause = { firstMs: 5_000, maxMs: 60_000 };

interface Live<State> {
  /** A stream that begins with the current states, so that nothing is missed between two connections. */
  url: string;
  /** The event type of its messages. */
  event: string;
  onState: (state: State) => void;
  /** Called when both the stream and the fallback request fail. After 401, 403 and 404, nothing is retried. */
  onFailure: (status: number | undefined) => void;
}

/** Receives every change while the page is visible. */
export function useLive<State>({ url, event, onState, onFailure }: Live<State>): void {
  const onMessage = useEffectEvent((message: MessageEvent<string>) => onState(JSON.parse(message.data)));
  const onStates = useEffectEvent((states: State[]) => states.forEach(onState));
  const fail = useEffectEvent(onFailure);

  useEffect(() => {
    let stream: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let polling = new AbortController();
    let rejections = 0;

    function open(): void {
      const opened = new EventSource(url);
      opened.addEventListener(event, onMessage);
      opened.addEventListener("open", () => {
        rejections = 0;
      });
      // The browser reconnects a stream that was interrupted, but not one that was rejected.
      opened.addEventListener("error", () => {
        if (opened.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(() => void poll(polling.signal), pauseMs(rejections, pollPause));
        rejections += 1;
      });
      stream = opened;
    }

    // The same URL as JSON costs one query, a page several. It also reports the status, which an EventSource does not.
    async function poll(signal: AbortSignal): Promise<void> {
      try {
        const { data } = await buildClient().get<State[]>(url, {
          signal,
          headers: { accept: "application/json" },
        });
        onStates(data);
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

    // Browsers limit connections per host, so a hidden page closes its stream. It catches up when it is visible again.
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
