import { once } from "node:events";
import { connect } from "node:net";
import { exposeMetrics } from "../base/metrics";
import { eventually } from "../testing/eventually";
import { signedIn } from "../testing";
import { withoutHeartbeats } from "../../test/event-stream";
import { oneConnection } from "../../test/one-connection";
import { setUpStream, ticket } from "../../test/stream-server";

const limits = {
  MAX_STREAMS: 12,
  MAX_STREAMS_PER_USER: 3,
  MAX_STREAMS_PER_NETWORK: 8,
  MAX_STREAMS_PER_SITE: 10,
  MAX_STREAM_MESSAGES_MB: 1,
};
for (const [name, limit] of Object.entries(limits)) process.env[name] = String(limit);

let handled = false;
const stage = setUpStream((api) => {
  api.get("/late", async (req, res) => {
    req.socket.destroy();
    await once(res, "close");
    await stage.stream(req, res);
    handled = true;
  });
});
beforeEach(withoutHeartbeats);

const valueOf = async (name: string) =>
  Number(new RegExp(`^${name} (\\d+)$`, "m").exec(await exposeMetrics())?.[1]);
const openStreams = () => valueOf("open_streams");
const refusedBy = (limit: string) =>
  valueOf(`streams_refused_total{limit="${limit}"}`.replace(/[{}]/g, "\\$&"));
const statusesOf = async (count: number, read: (index: number) => ReturnType<typeof stage.readFrom>) => {
  const streams = await Promise.all(Array.from({ length: count }, (_, index) => read(index)));
  return streams.map(({ status }) => status).toSorted((one, other) => one - other);
};
const times = (count: number, status: number) => Array<number>(count).fill(status);

afterEach(() => eventually(async () => expect(await openStreams()).toBe(0)));

it("limits the streams of each user, whatever their addresses", async () => {
  const cookie = signedIn();
  const refused = await refusedBy("user");
  const first = await stage.readFrom("203.0.113.1", cookie);
  expect(await statusesOf(4, (index) => stage.readFrom(`198.51.100.${index}`, cookie))).toEqual([
    ...times(2, 200),
    ...times(2, 429),
  ]);
  const response = await stage.readFrom("203.0.113.1", cookie);
  expect(response).toMatchObject({ status: 429, refusal: { code: "too-many-streams" } });
  expect(response.headers.get("Retry-After")).toBe("15");
  expect((await stage.readFrom("203.0.113.1", signedIn())).status).toBe(200);
  expect(await refusedBy("user")).toBe(refused + 3);

  first.leave();
  await eventually(async () => expect((await stage.readFrom("203.0.113.1", cookie)).status).toBe(200));
});

it.each([
  ["an address", () => "203.0.113.1"],
  ["a /64", (index: number) => `2001:db8:1:2::${index + 1}`],
])("limits the streams of %s, whatever the accounts", async (_name, addressOf) => {
  const cookieOf = (index: number) => (index % 2 ? signedIn() : undefined);
  expect(await statusesOf(10, (index) => stage.readFrom(addressOf(index), cookieOf(index)))).toEqual([
    ...times(8, 200),
    ...times(2, 429),
  ]);
  const response = await stage.readFrom(addressOf(0), signedIn());
  expect(response).toMatchObject({ status: 429, refusal: { code: "too-many-streams" } });
  expect((await stage.readFrom("198.51.100.1")).status).toBe(200);
});

it("limits the streams of a /48, whatever the clients' networks", async () => {
  const refused = await refusedBy("site");
  expect(await statusesOf(11, (index) => stage.readFrom(`2001:db8:1:${index}::1`))).toEqual([
    ...times(10, 200),
    ...times(1, 429),
  ]);
  expect(await refusedBy("site")).toBe(refused + 1);
  expect((await stage.readFrom("2001:db8:2::1")).status).toBe(200);
});

it("accepts twelve streams, rejects more with 503, and stays ready", async () => {
  expect(await statusesOf(15, (index) => stage.readFrom(`198.51.100.${index}`))).toEqual([
    ...times(12, 200),
    ...times(3, 503),
  ]);
  const response = await stage.readFrom("203.0.113.1");
  expect(response).toMatchObject({ status: 503, refusal: { code: "too-many-streams" } });
  expect(Number(response.headers.get("Retry-After"))).toBeGreaterThanOrEqual(15);
  expect(await openStreams()).toBe(12);
  expect((await fetch(`http://127.0.0.1:${stage.port}/readyz`)).status).toBe(200);
});

it("rejects streams with 503 whose messages would take too much memory, even if many begin at once", async () => {
  const longTickets = () => Array.from({ length: 900 }, () => ({ ...ticket(), title: "🎻".repeat(200) }));
  const read = (index: number) => stage.readFrom(`198.51.100.${index}`);
  const refused = await refusedBy("process");
  stage.tickets = longTickets();
  const first = await read(0);
  await eventually(() => expect(first.messages).toHaveLength(900));

  let reading = 0;
  let goOn = () => {};
  const allRead = new Promise<void>((resolve) => (goOn = resolve));
  stage.find = async () => {
    reading += 1;
    await allRead;
    return longTickets();
  };
  const statuses = statusesOf(5, (index) => read(index + 1));
  await eventually(() => expect(reading).toBe(5));
  goOn();
  expect(await statuses).toEqual(times(5, 503));
  const response = await read(6);
  expect(response).toMatchObject({ status: 503, refusal: { code: "too-many-streams" } });
  expect(Number(response.headers.get("Retry-After"))).toBeGreaterThanOrEqual(15);
  expect(await refusedBy("process")).toBe(refused + 6);

  stage.find = async () => stage.tickets; // what another stream shows takes no memory
  await eventually(async () => expect((await read(7)).status).toBe(200));
});

it("returns the states as JSON to clients whose streams are rejected", async () => {
  const cookie = signedIn();
  await statusesOf(4, () => stage.read(cookie));
  const headers = { cookie, accept: "application/json" };
  const response = await fetch(`http://127.0.0.1:${stage.port}/stream`, { headers });
  expect([response.status, await response.json()]).toEqual([200, stage.tickets]);
  expect(await openStreams()).toBe(3);
});

it("responds to HEAD with the headers of the stream, without counting it", async () => {
  const connection = oneConnection(stage.port);
  for (let time = 0; time < 9; time++)
    expect(await connection.send("HEAD", "/stream")).toMatchObject({
      status: 200,
      headers: {
        "content-type": expect.stringMatching(/^text\/event-stream/),
        "cache-control": "no-store, no-transform",
      },
      body: { text: "" },
    });
  expect([await openStreams(), stage.watching]).toEqual([0, 0]);
  expect((await stage.read()).status).toBe(200);
  connection.close();
});

it("does not count a client that disconnected before its request was handled", async () => {
  await expect(stage.read(undefined, "/late")).rejects.toThrow("fetch failed");
  await eventually(() => expect(handled).toBe(true));
  expect([await openStreams(), stage.watching]).toEqual([0, 0]);
});

it("does not count pipelined requests behind a stream after their connection has closed", async () => {
  const socket = connect(stage.port, "127.0.0.1").on("error", () => {});
  socket.write("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3));
  await eventually(async () => expect(await openStreams()).toBe(3));
  socket.destroy();
  await once(socket, "close");
  await eventually(async () => expect([await openStreams(), stage.watching]).toEqual([0, 0]));
});
