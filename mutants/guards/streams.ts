import type { Mutant } from "../mutant";

const openStreams = "common/src/http/open-streams.ts";
const liveView = "common/src/http/live-view.ts";
const streamStates = "common/src/http/stream-states.ts";
const limits = "common/src/http/open-streams.test.ts";
const sessions = "common/src/http/stream-states.sessions.test.ts";
const views = "common/src/http/live-view.test.ts";
const streams = "common/src/http/stream-states.test.ts";

export const streaming: Mutant[] = [
  {
    guard: "streams: limit per process",
    file: openStreams,
    change: { "if (readers.length >= config.MAX_STREAMS) throw": "if (readers.length < 0) throw" },
    red: { [limits]: ["accepts twelve streams, rejects more with 503, and stays ready"] },
  },
  {
    guard: "streams: limit of the memory of their messages",
    file: streamStates,
    change: { "  checkMessages();\n": "" },
    red: {
      [limits]: [
        "rejects streams with 503 whose messages would take too much memory, even if many begin at once",
      ],
    },
  },
  {
    guard: "streams: messages that no view shows are not counted",
    file: liveView,
    change: { "characters -= message.text.length;": "" },
    red: { [views]: ["the memory of views is estimated from their messages"] },
  },
  {
    guard: "streams: limit per user",
    file: openStreams,
    change: { "if (userId !== undefined && count(": "if (userId === null && count(" },
    red: { [limits]: ["limits the streams of each user, whatever their addresses"] },
  },
  {
    guard: "streams: limit per network",
    file: openStreams,
    change: { "if (count((reader) => reader.network === network)": "if (count(() => false)" },
    red: {
      [limits]: [
        "limits the streams of an address, whatever the accounts",
        "limits the streams of a /64, whatever the accounts",
      ],
    },
  },
  {
    guard: "streams: limit per network, not per address",
    file: streamStates,
    change: { "network: rateLimitKey(address)": "network: address" },
    red: { [limits]: ["limits the streams of a /64, whatever the accounts"] },
  },
  {
    guard: "streams: limit per site",
    file: openStreams,
    change: { "if (count((reader) => reader.site === site)": "if (count(() => false)" },
    red: { [limits]: ["limits the streams of a /48, whatever the clients' networks"] },
  },
  {
    guard: "streams: HEAD does not count",
    file: streamStates,
    change: { 'if (req.method === "HEAD") {': "if (!req.method) {" },
    red: { [limits]: ["responds to HEAD with the headers of the stream, without counting it"] },
  },
  {
    guard: "streams: clients that have disconnected early are not counted",
    file: streamStates,
    change: { "if (res.closed) return;": "" },
    red: { [limits]: ["does not count a client that disconnected before its request was handled"] },
  },
  {
    guard: "streams: pipelined requests are closed with their connection",
    file: "common/src/http/serve.ts",
    change: { 'res.emit("close");': "void res;" },
    red: {
      [limits]: ["does not count pipelined requests behind a stream after their connection has closed"],
      "common/src/http/serve.test.ts": ["drains even if a client has disconnected with pipelined requests"],
    },
  },
  {
    guard: "streams: end with their session",
    file: streamStates,
    change: { "const endsAt = sessionEndsAt(req) ?? Infinity;": "const endsAt = Infinity;" },
    red: {
      [sessions]: [
        "ends with its session, and sends nothing afterwards",
        "is rejected after the end of the session",
      ],
      "orders/src/routes/stream-order.test.ts": ["ends with its buyer's session, and is not opened again"],
    },
  },
  {
    guard: "streams: end when the user loses access",
    file: liveView,
    change: {
      "if (isHttpError(error) && error.status < 500)": "if (isHttpError(error) && error.status < 0)",
    },
    red: { [streams]: ["ends when its reader loses access"] },
  },
  {
    guard: "streams: no overlapping reads on a slow database",
    file: liveView,
    change: { "if (this.isRereading || rereads >= maxRereads) return;": "" },
    red: {
      [streams]: [
        "does not read again while a read is pending",
        "reads for at most twenty streams concurrently, and for the others at their next heartbeat",
      ],
    },
  },
  {
    guard: "streams: views share the messages of their states",
    file: liveView,
    change: { "const known = messages.get(key);": "const known = undefined as Message | undefined;" },
    red: { [views]: ["the memory of views hardly grows by a view of states that another shows"] },
  },
  {
    guard: "streams: messages that no view shows are discarded",
    file: liveView,
    change: { "messages.delete(keyOf(name, message));": "" },
    red: {
      [views]: [
        "the memory of views is freed when they close",
        "the memory of views is freed of previous versions",
      ],
    },
  },
  {
    guard: "streams: a closed view releases its messages",
    file: liveView,
    change: { "for (const id of this.shown.keys()) this.hide(id);": "" },
    red: { [views]: ["the memory of views is freed when they close"] },
  },
  {
    guard: "streams: a new version releases the message of the previous one",
    file: liveView,
    change: { "if (previous) releaseMessage(name, previous);": "" },
    red: { [views]: ["the memory of views is freed of previous versions"] },
  },
  {
    guard: "streams: a new reader gets the states no faster than it reads them",
    file: liveView,
    change: { "if (piece.length < pieceLength) continue;": "if (piece !== undefined) continue;" },
    red: { [views]: ["a new reader is sent the states no faster than it reads them"] },
  },
  {
    guard: "streams: a view follows at most a hundred added aggregates",
    file: liveView,
    change: { "if (this.added.length > maxAdded)": "if (this.added.length < 0)" },
    red: { [streams]: ["shows what is added later, and newer versions of the last hundred of these"] },
  },
  {
    guard: "streams: a view without readers is discarded",
    file: liveView,
    change: { "if (key !== undefined && shared.get(key) === entry) shared.delete(key);": "" },
    red: { [streams]: ["streams with the same key read again once all have closed"] },
  },
  {
    guard: "streams: a view whose first read failed is discarded at once",
    file: liveView,
    change: { "if (!known) entry.view.loaded.catch(discard);": "" },
    red: {
      [streams]: [
        "streams with the same key read again after a failed first read, even if a stream of it is held",
      ],
    },
  },
  {
    guard: "streams: clients reconnect at different times",
    file: streamStates,
    change: { "Math.round(seconds(1 + Math.random() * 7))": "seconds(1)" },
    red: { [streams]: ["spreads reconnects of clients over several seconds"] },
  },
];
