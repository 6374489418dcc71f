import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { seconds } from "../base/clock";
import { eventually } from "../testing/eventually";
import { signedIn } from "../testing";
import { withoutHeartbeats } from "../../test/event-stream";
import { publish, setUpStream, ticket } from "../../test/stream-server";

let unread = () => 0;
const stage = setUpStream((api) => {
  api.get("/endless", (_req, res) => {
    res.type("text/event-stream").write("x".repeat(20_000_000));
    unread = () => res.writableLength;
  });
  api.get("/ended", async (req, res) => {
    await stage.stream(req, res);
    res.end();
    for (const each of stage.tickets) await publish({ ...each, version: 4 });
  });
});

/** Requests a stream, and does not read it. */
function openUnread(path: string): Socket {
  const socket = connect(stage.port, "127.0.0.1")
    .on("error", () => {})
    .pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${signedIn()}\r\n\r\n`);
  return socket;
}

it("neither reads nor listens for a closed stream, during the first read or later", async () => {
  withoutHeartbeats();
  let looks = 0;
  let goOn = () => {};
  stage.find = async () => {
    looks += 1;
    await new Promise<void>((resolve) => (goOn = resolve));
    return stage.tickets;
  };
  const socket = openUnread("/stream");
  await eventually(() => expect(looks).toBe(1));
  socket.destroy();
  await eventually(() => expect(stage.watching).toBe(0));
  goOn();

  stage.find = async () => {
    looks += 1;
    return stage.tickets;
  };
  (await stage.read()).leave();
  await eventually(() => expect(stage.watching).toBe(0));
  jest.advanceTimersByTime(seconds(60));
  expect(looks).toBe(2);
});

it("disconnects a reader that does not read", async () => {
  const { id } = ticket();
  stage.find = async () => [ticket(id)];
  const lazy = openUnread("/stream");
  const diligent = await stage.read();
  const title = "x".repeat(200_000);
  for (let version = 4; version < 104; version++) {
    await publish({ id, version, title });
    await eventually(() => expect(diligent.messages.at(-1)?.data.version).toBe(version));
  }
  const closed = once(lazy, "close");
  lazy.resume();
  await closed;
});

it("ends gracefully when the process stops", async () => {
  const stream = await stage.read();
  await stage.server.drain();
  expect(await stream.ended).toBe("in order");
});

it("sends nothing after it has ended", async () => {
  const stream = await stage.read(signedIn(), "/ended");
  expect(await stream.ended).toBe("in order");
  expect(stream.messages.map(({ data }) => data.version)).toEqual([3, 3]);
});

it("does not delay a shutdown for a reader that does not read to the end", async () => {
  const lazy = openUnread("/endless");
  await eventually(() => expect(unread()).toBeGreaterThan(0));
  await stage.server.drain();
  lazy.destroy();
});
