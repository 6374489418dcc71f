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
  /** Answers with the same states in JSON, one or a list. Asked while the stream is refused; cheaper than a page. */
  snapshotUrl: string;
  onState: (state: State) => void;
  /** The reader may no longer see this: 401, 403 or 404. Nothing is asked after that. */
  onDenied: (status: number) => void;
}

/** Hears of every change for as long as somebody looks at the page. */
export function useLive<State>({ url, event, snapshotUrl, onState, onDenied }: Live<State>): void {
  const hear = useEffectEvent((message: MessageEvent<string>) => onState(JSON.parse(message.data)));
  const take = useEffectEvent((states: State | State[]) =>
    [states].flat().forEach((one) => onState(one as State)),
  );
  const deny = useEffectEvent(onDenied);

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

    // An EventSource does not tell why it was refused, but this answer does.
    async function poll(signal: AbortSignal): Promise<void> {
      try {
        const { data } = await buildClient().get<State | State[]>(snapshotUrl, { signal });
        take(data);
      } catch (error) {
        const status = isAxiosError(error) ? error.response?.status : undefined;
        if (status === 401 || status === 403 || status === 404) return deny(status);
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
  }, [url, event, snapshotUrl]);
}
