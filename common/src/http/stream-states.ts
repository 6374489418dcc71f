import type { Request, Response } from "express";
import { clock, seconds } from "../base/clock";
import { NotAuthenticatedError, isHttpError } from "../contract/errors";
import { logger } from "../base/logger";
import { rateLimitKey } from "./rate-limit-key";
import { checkStreamLimits, countStream } from "./open-streams";
import { findCurrentUser, sessionEndsAt } from "./session";

interface State {
  id: string;
  version: number;
}

/** An aggregate loaded by its model. */
interface Found {
  _id: { toHexString(): string };
  version: number;
  publicState(): object;
}

interface Live {
  /** The `event:` of each message. */
  name: string;
  watcher: { watch(handle: (state: State) => void): () => void };
  /** Finds the reader's aggregates, each time the same ones. Throws when the reader may no longer see them. */
  look: () => Promise<Found[]>;
}

const maxUnreadBytes = 128 * 1024; // above any snapshot: 100 tickets with the longest titles
const heartbeatMs = seconds(15);
const maxLooks = 20;
const headers = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no", // nginx would buffer it
};
/** The number of streams that are reading again now. */
let looks = 0;
/** When a process stops, its readers reconnect over several seconds, not all at once. */
const randomRetryMs = () => Math.round(seconds(1 + Math.random() * 7));

/**
 * Answers with server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) for as long as the
 * reader stays, but not longer than the session that the stream was opened with. Each message is the state of one
 * aggregate, as in its events: first of all that `look` finds, so that a client that reconnects has missed nothing,
 * then each newer version of these that the bus delivers, and never an older one. Looks again with each heartbeat,
 * because the bus does not repeat what it could not deliver, and ends when `look` then throws. HEAD is answered at
 * once, with the headers alone. A client that prefers JSON gets a single list of what `look` finds, without a limit: a
 * page that was refused a stream polls it.
 * @throws HttpError 401 when the session is over; 429 or 503 at a limit of open streams; whatever `look` throws
 */
export async function streamStates(
  req: Request,
  res: Response,
  { name, watcher, look }: Live,
): Promise<void> {
  const sent = new Map<string, number>();
  const early: State[] = [];
  const endsAt = sessionEndsAt(req) ?? Infinity;
  let isClosed = false;

  const write = (text: string) => {
    if (res.writableEnded) return;
    if (res.writableLength > maxUnreadBytes) res.destroy();
    else res.write(text);
  };
  /** A reader that does not even read the end is disconnected at the next heartbeat. */
  const end = () => (res.writableEnded ? res.destroy() : res.end());
  const show = (state: State) => {
    if (state.version <= (sent.get(state.id) ?? -1)) return;
    sent.set(state.id, state.version);
    write(`event: ${name}\ndata: ${JSON.stringify(state)}\n\n`);
  };
  const receive = (state: State) => {
    if (!res.headersSent) early.push(state);
    else if (sent.has(state.id)) show(state);
  };
  const find = async (): Promise<State[]> =>
    (await look()).map((found) => ({
      id: found._id.toHexString(),
      version: found.version,
      ...found.publicState(),
    }));
  let isLooking = false;
  const lookAgain = async () => {
    // A slow database gets no growing load: the next heartbeat looks again.
    if (isLooking || looks >= maxLooks) return;
    isLooking = true;
    looks += 1;
    try {
      (await find()).forEach(show);
    } catch (error) {
      if (isHttpError(error) && error.status < 500) end();
      else logger.debug({ err: error }, "a stream could not look again");
    }
    looks -= 1;
    isLooking = false;
  };

  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    const leftMs = endsAt - clock.now();
    timer = setInterval(beat, leftMs > 0 ? Math.min(leftMs, heartbeatMs) : heartbeatMs);
  };
  const beat = () => {
    clearInterval(timer);
    if (endsAt <= clock.now()) end();
    else {
      write(":\n\n");
      void lookAgain();
    }
    schedule();
  };

  if (endsAt <= clock.now()) throw new NotAuthenticatedError(); // other routes tolerate a token that is just over
  const address = req.ip ?? "";
  const reader = {
    userId: findCurrentUser(req)?.id,
    network: rateLimitKey(address),
    site: rateLimitKey(address, 48),
  };
  if (req.accepts(["text/event-stream", "application/json"]) === "application/json") {
    res.json(await find());
    return;
  }
  checkStreamLimits(reader);
  if (req.method === "HEAD") {
    await look();
    res.set(headers).end();
    return;
  }
  if (res.closed) return; // before it was counted, so nothing would end the count
  countStream(res, reader);
  const stopWatching = watcher.watch(receive); // before the first look, so that changes in the meantime are received
  res.once("close", () => {
    isClosed = true;
    clearInterval(timer);
    stopWatching();
  });
  const found = await find();
  if (isClosed) return;

  res.set(headers);
  write(`retry: ${randomRetryMs()}\n\n`);
  found.forEach(show);
  early.forEach(receive);

  schedule();
}
