import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { currentContext } from "../base/context";
import { BadRequestError, UnavailableError } from "../contract/errors";
import { exposeMetrics } from "../base/metrics";
import { createApp } from "./create-app";
import { oneConnection } from "../../test/one-connection";

process.env.BODY_TIMEOUT = "1s";

const thrown: Record<string, Error> = {
  bug: new Error("the password is hunter2"),
  library: Object.assign(new Error("No such charge: ch_secret"), { status: 404 }),
  rule: new BadRequestError("own-ticket", "This ticket is your own", "ticketId"),
  changed: Object.assign(new Error("No matching document"), { name: "VersionError" }),
  away: Object.assign(new Error("connect ECONNREFUSED 10.0.0.7"), { name: "MongoNetworkError" }),
  busy: new UnavailableError("Too many at once", "busy", { retryAfterSeconds: 2.2 }),
};

const app = createApp((api) => {
  api.get("/api/things/:id", (req, res) => void res.json({ id: req.params.id, protocol: req.protocol }));
  api.post("/api/things", (req, res) => void res.json({ given: req.body ?? "nothing", ...currentContext() }));
  api.get("/api/throw/:what", (req) => {
    throw thrown[req.params.what] ?? new Error("nothing to throw");
  });
  api.get("/api/query", (req, res) => void res.json(req.query));
});

let server: Server;
let connection: ReturnType<typeof oneConnection>;
beforeAll(async () => {
  server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  connection = oneConnection((server.address() as AddressInfo).port);
});
afterAll(() => {
  connection.close();
  server.close();
});

const get = (path: string, headers = {}) => connection.send("GET", path, { headers });
const post = (body?: string, headers = {}) =>
  connection.send("POST", "/api/things", {
    body,
    headers: { "Content-Type": "application/json", ...headers },
  });

it.each([
  ["an unknown path", 404, "not-found", () => get("/api/nothing")],
  ["malformed JSON", 400, "malformed", () => post("{ no")],
  ["JSON that is no object", 400, "malformed", () => post('"text"')],
  ["a bad % in the path", 400, "malformed", () => get("/api/things/%E0%A4%A")],
  ["a body over 10 kB", 413, "too-large", () => post(JSON.stringify({ text: "x".repeat(200_000) }))],
  ["a form", 415, "not-json", () => post("a=1", { "Content-Type": "application/x-www-form-urlencoded" })],
  ["a body of no type", 415, "not-json", () => connection.send("POST", "/api/things", { body: "{}" })],
  [
    "a body in an unknown charset",
    415,
    "not-json",
    () => post("{}", { "Content-Type": "application/json; charset=x" }),
  ],
  ["another site", 403, "foreign-origin", () => post("{}", { "Sec-Fetch-Site": "cross-site" })],
  ["a sibling site", 403, "foreign-origin", () => post("{}", { "Sec-Fetch-Site": "same-site" })],
  ["another origin", 403, "foreign-origin", () => post("{}", { Origin: "http://evil.example" })],
  ["an unknown origin", 403, "foreign-origin", () => post("{}", { Origin: "null" })],
  ["a rule of the business", 400, "own-ticket", () => get("/api/throw/rule")],
  ["a lost race", 409, "changed", () => get("/api/throw/changed")],
  ["an unavailable store", 503, "unavailable", () => get("/api/throw/away")],
  ["a bug of ours", 500, "internal", () => get("/api/throw/bug")],
  ["an error of a library's own requests", 500, "internal", () => get("/api/throw/library")],
])("responds to %s with %d %s, and keeps the connection", async (_name, status, code, send) => {
  const before = await get("/api/things/1");
  const response = await send();
  expect(response).toMatchObject({ status, body: { code, errors: [{ message: expect.any(String) }] } });
  expect(response.body.requestId).toBe(response.headers["x-request-id"]);
  const after = await get("/api/things/1");
  expect([response.port, after.port, after.status]).toEqual([before.port, before.port, 200]);
});

it("discloses no details of internal errors", async () => {
  const responses = await Promise.all(["bug", "library", "away"].map((what) => get(`/api/throw/${what}`)));
  for (const { body } of responses) expect(JSON.stringify(body)).not.toMatch(/hunter2|ch_secret|10\.0/);
});

it("sends Retry-After", async () => {
  expect((await get("/api/throw/away")).headers["retry-after"]).toBe("1");
  expect((await get("/api/throw/busy")).headers["retry-after"]).toBe("3");
});

it("names the field of an error", async () => {
  const { body } = await get("/api/throw/rule");
  expect(body.errors).toEqual([{ message: "This ticket is your own", field: "ticketId" }]);
});

it.each([
  ["tools, which send neither header", {}],
  ["its own pages", { "Sec-Fetch-Site": "same-origin", Origin: "http://localhost:3000" }],
  ["its own pages in older browsers", { Origin: "http://localhost:3000" }],
  ["a user who typed the address", { "Sec-Fetch-Site": "none" }],
])("accepts changes from %s", async (_name, headers) => {
  expect(await post('{"a":1}', headers)).toMatchObject({ status: 200, body: { given: { a: 1 } } });
});

it("accepts reads from any origin", async () => {
  expect((await get("/api/things/1", { "Sec-Fetch-Site": "cross-site" })).status).toBe(200);
});

it.each([{}, { "Content-Length": 0 }])("accepts a request without a body: %j", async (headers) => {
  const response = await connection.send("POST", "/api/things", { headers });
  expect(response).toMatchObject({ status: 200, body: { given: "nothing" } });
});

it("accepts an empty chunked body of any type", async () => {
  for (const type of [undefined, "text/plain"]) {
    const headers = { "Transfer-Encoding": "chunked", ...(type && { "Content-Type": type }) };
    expect((await connection.send("POST", "/api/things", { headers })).status).toBe(200);
  }
});

it("responds with 408 when a body does not arrive in time, and closes the connection", async () => {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(
    "POST /api/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
  );
  const response = await text(socket);
  expect(response).toMatch(/^HTTP\/1.1 408 [^]*connection: close[^]*"code":"request-timeout"/i);
});

it("keeps request id and trace while reading a body", async () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const { body, headers } = await post("{}", { "X-Request-Id": "from-the-gateway", traceparent });
  expect(headers["x-request-id"]).toBe("from-the-gateway");
  expect(body).toMatchObject({
    requestId: "from-the-gateway",
    traceparent: expect.stringContaining("a".repeat(32)),
  });
});

it("generates an id for a request without one, or with one that is unsafe to log", async () => {
  for (const headers of [{}, { "X-Request-Id": "a b" }, { "X-Request-Id": "x".repeat(65) }]) {
    expect((await get("/api/things/1", headers)).headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  }
});

it("sends security headers, and does not disclose its software", async () => {
  const { headers } = await get("/api/things/1");
  expect(headers).toMatchObject({
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none';frame-ancestors 'none'",
    "strict-transport-security": expect.any(String),
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
  });
  expect(headers).not.toHaveProperty("x-powered-by");
  expect(headers).not.toHaveProperty("etag");
});

it("parses no objects, and so no operators, from the query", async () => {
  expect((await get("/api/query?price[$gt]=1&a=1")).body).toEqual({ "price[$gt]": "1", a: "1" });
});

it("measures by route, not by path", async () => {
  await get("/api/things/42");
  const exposed = await exposeMetrics();
  expect(exposed).toContain('route="/api/things/:id",status="200"');
  expect(exposed).not.toContain("things/42");
});

it("trusts the proxies of its own network", async () => {
  expect((await get("/api/things/1", { "X-Forwarded-Proto": "https" })).body.protocol).toBe("https");
});
