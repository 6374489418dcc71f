import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import express from "express";
import { eventually } from "../testing/eventually";
import { freePort } from "../../../infra/local/port";
import { oneConnection } from "../../test/one-connection";
import { type HttpServer, type Readiness, serve } from "./serve";

let port: number;
let server: HttpServer;
let readiness: Readiness;
let connection: ReturnType<typeof oneConnection>;
let others: ReturnType<typeof oneConnection>[];

beforeEach(async () => {
  port = await freePort();
  connection = oneConnection(port);
  others = [];
  readiness = async () => ({ broker: "connected" });
  server = await serve(port, () => readiness(), { drainPause: 200 });
});
afterEach(async () => {
  for (const each of [connection, ...others]) each.close();
  await server.drain();
});

const get = (path: string) => connection.send("GET", path);
const getByAnother = (path: string) => {
  const another = oneConnection(port);
  others.push(another);
  return another.send("GET", path);
};

it("is alive immediately, and reports that it is starting", async () => {
  readiness = async () => ({ waitingFor: "mongo", broker: "unavailable" });
  expect(await get("/livez")).toMatchObject({ status: 200, body: { status: "alive" } });
  expect(await get("/readyz")).toMatchObject({
    status: 503,
    body: { status: "not ready", waitingFor: "mongo", broker: "unavailable" },
  });
  expect(await get("/api/samples")).toMatchObject({
    status: 503,
    headers: { "retry-after": "1" },
    body: { code: "starting", errors: [{ message: expect.any(String) }], requestId: expect.any(String) },
  });
});

it("serves the app once it is open", async () => {
  server.open(express().get("/api/samples", (_req, res) => void res.json({ samples: 3 })));
  expect(await get("/api/samples")).toMatchObject({ status: 200, body: { samples: 3 } });
  expect(await get("/readyz")).toMatchObject({ status: 200, body: { status: "ready", broker: "connected" } });
});

it("serves no routes without an app", async () => {
  server.open(undefined);
  expect(await get("/api/samples")).toMatchObject({
    status: 404,
    body: { code: "not-found", requestId: expect.any(String) },
  });
});

it("stays ready while the broker is unavailable, and reports it", async () => {
  readiness = async () => ({ broker: "unavailable" });
  expect(await get("/readyz")).toMatchObject({ status: 200, body: { broker: "unavailable" } });
});

it("exposes metrics", async () => {
  const { body, headers } = await get("/metrics");
  expect(headers["content-type"]).toContain("text/plain");
  expect(body.text).toMatch(/^bus_connected [01]$/m);
});

it("names an occupied port, and the setting to change", async () => {
  await expect(serve(port, readiness)).rejects.toThrow(
    new RegExp(`Cannot listen on port ${port}; set PORT to another one: .*EADDRINUSE`),
  );
});

describe("a slow client", () => {
  let limited: HttpServer;
  let limitedPort: number;
  beforeEach(async () => {
    limitedPort = await freePort();
    const limits = {
      headersTimeout: 200,
      requestTimeout: 200,
      keepAliveTimeout: 200,
      connectionsCheckingInterval: 50,
    };
    limited = await serve(limitedPort, async () => ({}), { drainPause: 0, limits });
  });
  afterEach(() => limited.drain());

  it("is disconnected when the headers of its request do not arrive in time", async () => {
    const socket = connect(limitedPort, "127.0.0.1");
    socket.write("GET /livez HTTP/1.1\r\nHos");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 408 /);
  });

  it("is disconnected when it sends no further request", async () => {
    const socket = connect(limitedPort, "127.0.0.1");
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 [^]*"alive"/);
  });
});

it("completes requests in flight before it is drained, and closes their connections", async () => {
  let respond = () => {};
  const app = express()
    .get("/fast", (_req, res) => void res.json({}))
    .get("/slow", (_req, res) => void (respond = () => res.json({ slow: true })))
    .get("/stream", (_req, res) => void res.type("text/event-stream").write("data: 1\n\n"));
  server.open(app);
  const [slow, stream] = [getByAnother("/slow"), getByAnother("/stream")];
  expect((await get("/fast")).headers.connection).toBe("keep-alive");

  let isDrained = false;
  const drained = server.drain().then(() => {
    isDrained = true;
  });
  expect(await get("/readyz")).toMatchObject({ status: 503, headers: { connection: "close" } });
  expect((await get("/fast")).status).toBe(200);
  expect(await stream).toMatchObject({ status: 200, body: { text: "data: 1\n\n" } }); // ended, for it would never end
  await expect(connection.send("GET", "/fast")).rejects.toThrow("ECONNREFUSED");
  expect(isDrained).toBe(false);
  respond();
  expect(await slow).toMatchObject({ status: 200, body: { slow: true } });
  await drained;
});

it("drains even if a client holds a connection without sending a request", async () => {
  const silent = connect(port, "127.0.0.1");
  const halfAsked = connect(port, "127.0.0.1", () => halfAsked.write("GET /half HTTP/1.1\r\nHos"));
  await Promise.all([once(silent, "connect"), once(halfAsked, "connect")]);
  const closed = Promise.all([once(silent, "close"), once(halfAsked, "close")]);
  await server.drain();
  await closed;
});

it("drains even if a client has disconnected with pipelined requests", async () => {
  let started = 0;
  server.open(express().get("/slow", () => void (started += 1)));
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  socket.write("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3));
  await eventually(() => expect(started).toBe(3));
  const silent = connect(port, "127.0.0.1"); // is closed once all requests have their responses
  await once(silent, "connect");
  socket.destroy();
  await server.drain();
});
