import type { Response } from "express";
import { HttpError, UnavailableError } from "../contract/errors";
import { metrics } from "../base/metrics";
import { settings, wholeNumber } from "../base/settings";
import { messagesMB } from "./live-view";

const config = settings({
  /**
   * Streams that one process holds. Measured: 110 MB for a process of tickets without streams, and up to 100 kB for each
   * stream besides the messages that it shows; the manifests allow a process 256 MiB.
   */
  MAX_STREAMS: wholeNumber().default(1000),
  /** Streams that show the same share its messages; those of the longest titles take 130 kB if no other shows them. */
  MAX_STREAM_MESSAGES_MB: wholeNumber().default(48),
  MAX_STREAMS_PER_USER: wholeNumber().default(5),
  /** Far more than for a user: a whole office, or the customers of a mobile provider, may share one IPv4 address. */
  MAX_STREAMS_PER_NETWORK: wholeNumber().default(100),
  /** The owner of an IPv6 /48 has 65,536 networks. */
  MAX_STREAMS_PER_SITE: wholeNumber().default(300),
});

export interface Reader {
  /** Undefined without a session: such readers are limited by their network alone. */
  userId: string | undefined;
  /** Of the session; 0 without one. */
  sessionEpoch: number;
  /** An IPv4 address or IPv6 /64, from rateLimitKey(). */
  network: string;
  /** An IPv4 address or IPv6 /48. */
  site: string;
}

const open = new Map<Response, Reader>();

/**
 * Limits what readers cost this process; the streams of other processes are not counted.
 * @throws HttpError 503 at the limit of this process; 429 at the limit of the user, network or site
 */
export function checkStreamLimits({ userId, network, site }: Reader): void {
  const readers = [...open.values()];
  const count = (isSame: (reader: Reader) => boolean) => readers.filter(isSame).length;
  if (readers.length >= config.MAX_STREAMS) throw tooManyOfAll();
  if (userId !== undefined && count((reader) => reader.userId === userId) >= config.MAX_STREAMS_PER_USER)
    throw tooMany("user", `You have ${config.MAX_STREAMS_PER_USER} pages with live updates open: close one`);
  if (count((reader) => reader.network === network) >= config.MAX_STREAMS_PER_NETWORK)
    throw tooMany("network", "Too many pages with live updates are open on your network: try again later");
  if (count((reader) => reader.site === site) >= config.MAX_STREAMS_PER_SITE)
    throw tooMany("site", "Too many pages with live updates are open on your network: try again later");
}

/**
 * Called once a stream has read what it shows: many may begin before any has read.
 * @throws HttpError 503 when the messages of this process take more memory than they may
 */
export function checkMessages(): void {
  if (messagesMB() > config.MAX_STREAM_MESSAGES_MB) throw tooManyOfAll();
}

function tooManyOfAll(): HttpError {
  metrics.streamsRefused.inc({ limit: "process" });
  return new UnavailableError(
    "Too many pages with live updates are open: try again later",
    "too-many-streams",
    {
      retryAfterSeconds: 15 + Math.random() * 30, // not all of them in the same second
    },
  );
}

function tooMany(limit: "user" | "network" | "site", message: string): HttpError {
  metrics.streamsRefused.inc({ limit });
  return new HttpError(429, "too-many-streams", message, { retryAfterSeconds: 15 });
}

/** Counts a stream until its response is closed. */
export function countStream(res: Response, reader: Reader): void {
  open.set(res, reader);
  metrics.openStreams.set(open.size);
  res.once("close", () => {
    open.delete(res);
    metrics.openStreams.set(open.size);
  });
}

/**
 * Ends the streams that a user has opened with sessions of older epochs than `epoch`; by default with any. One that has not
 * begun has to look at its session before it does.
 */
export function closeStreamsOf(userId: string, epoch = Infinity): void {
  for (const [res, reader] of open)
    if (reader.userId === userId && reader.sessionEpoch < epoch && res.headersSent) res.end();
}
