import type { Request, Response } from "express";
import { seconds } from "../clock";
import type { Aggregate } from "../database/aggregate";
import { HttpError } from "../errors";
import { logger } from "../logger";
import { findCurrentUser } from "./session";

interface State {
  id: string;
  version: number;
}

interface Live {
  /** The `event:` of each message. */
  name: string;
  watcher: { watch(handle: (state: State) => void): () => void };
  /** Finds what the reader asks for, each time the same aggregates. */
  look: () => Promise<Pick<Aggregate, "_id" | "version" | "publicState">[]>;
}

const mostStreams = 5;
const mostUnreadInBytes = 256 * 1024; // above any snapshot
const lookEvery = seconds(15);

const readers = new Map<Response, string>();

/**
 * Answers with server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) for as long as the
 * reader stays. Each message is the state of one aggregate, as its events tell it: first of all that `look` finds, so
 * that who comes back has missed nothing, then each newer version of these that the bus tells of, and never an older one.
 * Looks again with each heartbeat, because the bus forgets what it could not tell.
 * @throws HttpError 429 when this user, or else this address, reads five streams of this process; whatever `look` throws
 */
export async function streamStates(
  req: Request,
  res: Response,
  { name, watcher, look }: Live,
): Promise<void> {
  const sent = new Map<string, number>();
  const early: State[] = [];

  const write = (text: string) => {
    if (res.writableEnded) return;
    if (res.writableLength > mostUnreadInBytes) res.destroy();
    else res.write(text);
  };
  const show = (state: State) => {
    if (state.version <= (sent.get(state.id) ?? -1)) return;
    sent.set(state.id, state.version);
    write(`event: ${name}\ndata: ${JSON.stringify(state)}\n\n`);
  };
  const hear = (state: State) => {
    if (!res.headersSent) early.push(state);
    else if (sent.has(state.id)) show(state);
  };
  const find = async (): Promise<State[]> =>
    (await look()).map((found) => ({
      id: String(found._id),
      version: found.version,
      ...found.publicState(),
    }));

  takePlace(res, findCurrentUser(req)?.id ?? String(req.ip));
  res.once("close", watcher.watch(hear)); // before the first look: what changes meanwhile is heard
  const found = await find();
  if (res.closed) return;

  res.set({
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no", // nginx would collect what is written
  });
  // Not all at once, when a process goes and its readers come back to another.
  write(`retry: ${Math.round(seconds(1 + Math.random()))}\n\n`);
  found.forEach(show);
  early.forEach(hear);
  const heartbeat = setInterval(() => {
    write(":\n\n");
    find().then(
      (again) => again.forEach(show),
      (error: unknown) => logger.debug({ err: error }, "a stream could not look again"),
    );
  }, lookEvery);
  res.once("close", () => clearInterval(heartbeat));
}

/** Bounds what one reader costs a process; those of another process are not counted. */
function takePlace(res: Response, reader: string): void {
  if ([...readers.values()].filter((each) => each === reader).length >= mostStreams)
    throw new HttpError(429, "too-many-streams", `${mostStreams} pages that update themselves are open`, {
      retryAfterInSeconds: 15,
    });
  readers.set(res, reader);
  res.once("close", () => readers.delete(res));
}
