import { once } from "node:events";
import type { Server } from "node:http";
import type { Express } from "express";

export interface EventStream {
  status: number;
  headers: Headers;
  /** Of a stream, the whole messages so far. */
  body: string;
  messages: { event?: string; data: { id: string; version: number } & Record<string, unknown> }[];
  heartbeats: number;
  retryMs: number;
  /** The response, if it is not a stream. */
  refusal?: { code: string; errors: { field?: string }[] };
  /** Resolves with how it ended. */
  ended: Promise<"in order" | "broken off">;
  leave: () => void;
}

/** Reads server-sent events like an EventSource, but does not reconnect. */
export async function readStream(
  url: string,
  cookie = "",
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers: { cookie, ...headers }, signal: leaving.signal });
  const { status } = response;
  const stream: EventStream = {
    status,
    headers: response.headers,
    body: "",
    messages: [],
    heartbeats: 0,
    retryMs: 3000, // until the stream sets another
    ended: Promise.resolve("in order"),
    leave: () => leaving.abort(),
  };
  if (status !== 200) {
    stream.body = await response.text();
    return { ...stream, refusal: JSON.parse(stream.body) };
  }

  const read = async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const blocks = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) take(stream, block);
    }
    return "in order" as const;
  };
  stream.ended = read().catch(() => "broken off");
  return stream;
}

function take(stream: EventStream, block: string): void {
  stream.body += `${block}\n\n`;
  const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
  const [, retry] = /^retry: (\d+)$/.exec(block) ?? [];
  if (data) stream.messages.push({ event, data: JSON.parse(data) });
  else if (retry) stream.retryMs = Number(retry);
  else if (block.startsWith(":")) stream.heartbeats += 1;
  else throw new Error(`Not a server-sent event: ${block}`);
}

/** Heartbeats, and what they find, come only when jest's timers are advanced. The connections need all other timers. */
export function withoutHeartbeats(): void {
  jest.useFakeTimers({
    doNotFake: ["Date", "hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "setTimeout"],
  });
}

/** Serves an app to the tests of a file. What it gives opens a stream, which lasts until its test is over at most. */
export function streamsOf(app: Express): (path: string, cookie?: string) => Promise<EventStream> {
  let server: Server;
  let open: EventStream[] = [];
  beforeAll(async () => {
    server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  beforeEach(withoutHeartbeats);
  afterEach(async () => {
    for (const { leave } of open) leave();
    await Promise.all(open.map(({ ended }) => ended));
    open = [];
    jest.useRealTimers();
  });
  afterAll(() => server.close());

  return async (path, cookie) => {
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("not listening");
    const stream = await readStream(`http://127.0.0.1:${address.port}${path}`, cookie);
    open.push(stream);
    return stream;
  };
}
