import type { Request, Response } from "express";
import { clock, seconds } from "../base/clock";
import { NotAuthenticatedError } from "../contract/errors";
import { rateLimitKey } from "./rate-limit-key";
import { type Live, type State, viewOf } from "./live-view";
import { checkMessages, checkStreamLimits, countStream } from "./open-streams";
import { findCurrentUser, sessionEndsAt, sessionEpochOf } from "./session";

const maxUnreadBytes = 128 * 1024; // above what a new reader is sent at once
const heartbeatMs = seconds(15);
const headers = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no", // nginx would buffer it
};
/** When a process stops, its readers reconnect over several seconds, not all at once. */
const randomRetryMs = () => Math.round(seconds(1 + Math.random() * 7));

/**
 * Responds with server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) for as long as the
 * reader stays, but not longer than the session that the stream was opened with. Each message is the state of one
 * aggregate, as in its events: first of all those that `find` returns, so that a client that reconnects has missed nothing,
 * then each newer version of these that the bus delivers, and never an older one. It calls `find` every 15 s, because
 * the bus does not repeat what it could not deliver, and ends when `find` throws. HEAD gets a response at once, with the
 * headers alone. A client that prefers JSON gets a single list of what `find` returns, without a limit: pages poll it if
 * their stream is rejected.
 * @param key of what everyone may see: streams with the same key share what they show, and its cost
 * @throws HttpError 401 when the session is over; 429 or 503 at a limit of open streams; whatever `find` throws
 * @example
 * const changes = watcher("ticket:updated"); // named in `watchers` of startService
 * createApp((api) => {
 *   api.get("/api/tickets/stream", (req, res) => {
 *     const find = async () => (await Ticket.find().limit(100).lean()).map(Ticket.toState);
 *     return streamStates(req, res, { name: "ticket", watcher: changes, find }, "all");
 *   });
 * });
 */
export async function streamStates<S extends State>(
  req: Request,
  res: Response,
  live: Live<S>,
  key?: string,
): Promise<void> {
  const endsAt = sessionEndsAt(req) ?? Infinity;
  let isClosed = false;

  const write = (text: string, sent?: () => void) => {
    if (res.writableEnded || res.destroyed) return;
    if (res.writableLength > maxUnreadBytes) res.destroy();
    else res.write(text, sent);
  };
  /** A reader that does not read the end of the stream either is disconnected at the next heartbeat. */
  const end = () => (res.writableEnded ? res.destroy() : res.end());

  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    const leftMs = endsAt - clock.now();
    timer = setInterval(beat, leftMs > 0 ? Math.min(leftMs, heartbeatMs) : heartbeatMs);
  };
  const beat = () => {
    clearInterval(timer);
    if (endsAt <= clock.now() || res.writableEnded) end();
    else write(":\n\n");
    schedule();
  };

  if (endsAt <= clock.now()) throw new NotAuthenticatedError(); // other routes tolerate a token that has just expired
  const address = req.ip ?? "";
  const reader = {
    userId: findCurrentUser(req)?.id,
    sessionEpoch: sessionEpochOf(req),
    network: rateLimitKey(address),
    site: rateLimitKey(address, 48),
  };
  if (req.accepts(["text/event-stream", "application/json"]) === "application/json") {
    res.json(await live.find());
    return;
  }
  checkStreamLimits(reader);
  if (req.method === "HEAD") {
    await live.find();
    res.set(headers).end();
    return;
  }
  if (res.closed) return; // counted now, it would never be uncounted
  countStream(res, reader);
  const [view, release] = viewOf(live, key);
  const output = { write, end };
  res.once("close", () => {
    isClosed = true;
    clearInterval(timer);
    view.close(output);
    release();
  });
  await view.loaded;
  if (isClosed) return;
  checkMessages();

  res.set(headers);
  if (findCurrentUser(req)?.id !== reader.userId) return void end(); // banned or signed out during the first read
  write(`retry: ${randomRetryMs()}\n\n`);
  view.open(output);
  schedule();
}
