import type { Mutant } from "../mutant";

const openStreams = "common/src/http/open-streams.ts";
const streamStates = "common/src/http/stream-states.ts";
const limits = "common/src/http/open-streams.test.ts";
const sessions = "common/src/http/stream-states.sessions.test.ts";
const streams = "common/src/http/stream-states.test.ts";

export const streaming: Mutant[] = [
  {
    guard: "streams: limit per process",
    file: openStreams,
    change: { "if (readers.length >= config.MAX_STREAMS) {": "if (readers.length < 0) {" },
    red: { [limits]: ["holds twelve streams, refuses more for the moment, and stays ready"] },
  },
  {
    guard: "streams: limit per user",
    file: openStreams,
    change: { "if (userId !== undefined && count(": "if (userId === null && count(" },
    red: { [limits]: ["gives each user three streams, at whatever addresses"] },
  },
  {
    guard: "streams: limit per network",
    file: openStreams,
    change: { "if (count((reader) => reader.network === network)": "if (count(() => false)" },
    red: {
      [limits]: [
        "gives an address eight streams, however many accounts its readers have",
        "gives a /64 eight streams, however many accounts its readers have",
      ],
    },
  },
  {
    guard: "streams: limit per network, not per address",
    file: streamStates,
    change: { "network: rateLimitKey(address)": "network: address" },
    red: { [limits]: ["gives a /64 eight streams, however many accounts its readers have"] },
  },
  {
    guard: "streams: limit per site",
    file: openStreams,
    change: { "if (count((reader) => reader.site === site)": "if (count(() => false)" },
    red: { [limits]: ["gives a /48 ten streams, in whichever of its networks its readers are"] },
  },
  {
    guard: "streams: HEAD does not count",
    file: streamStates,
    change: { 'if (req.method === "HEAD") {': "if (!req.method) {" },
    red: { [limits]: ["answers HEAD at once, with the headers of the stream, and holds no place for it"] },
  },
  {
    guard: "streams: clients that have disconnected early are not counted",
    file: streamStates,
    change: { "if (res.closed) return;": "" },
    red: { [limits]: ["holds no place for a client that left before its request was handled"] },
  },
  {
    guard: "streams: pipelined requests are closed with their connection",
    file: "common/src/http/serve.ts",
    change: { 'res.emit("close");': "void res;" },
    red: {
      [limits]: ["holds no place for requests that waited behind a stream when their connection ended"],
      "common/src/http/serve.test.ts": [
        "is drained although a client left with requests that waited behind another",
      ],
    },
  },
  {
    guard: "streams: end with their session",
    file: streamStates,
    change: { "const endsAt = sessionEndsAt(req) ?? Infinity;": "const endsAt = Infinity;" },
    red: {
      [sessions]: [
        "ends with the session that it was opened with, and sends nothing after that",
        "is not opened again once the session is over",
      ],
      "orders/src/routes/stream-order.test.ts": ["ends with its buyer's session, and is not opened again"],
    },
  },
  {
    guard: "streams: end when the user loses access",
    file: streamStates,
    change: { "if (isHttpError(error) && error.status < 500) end();": "if (isHttpError(error)) return;" },
    red: { [streams]: ["ends when its reader may no longer see what it shows"] },
  },
  {
    guard: "streams: no overlapping reads on a slow database",
    file: streamStates,
    change: { "if (isLooking || looks >= maxLooks) return;": "" },
    red: {
      [streams]: [
        "does not look again while a look has no answer yet",
        "looks again for twenty streams at once, and for the others with their next heartbeat",
      ],
    },
  },
  {
    guard: "streams: clients reconnect at different times",
    file: streamStates,
    change: { "Math.round(seconds(1 + Math.random() * 7))": "seconds(1)" },
    red: { [streams]: ["spreads the return of its readers over several seconds"] },
  },
];
