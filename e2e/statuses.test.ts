import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { observe } from "./request";
import { fault, freeze, processNamed, ready, signal, stackFile } from "./stack";

/** Uses Node's HTTP client, which sends methods and targets unchanged. */
async function send(method: string, path: string, headers: OutgoingHttpHeaders = {}, body = "") {
  const sent = request(stackFile().url, { method, path, headers: { ...headers, connection: "close" } });
  sent.end(body);
  const response = await responseTo(sent);
  const header = (name: string) => response.headers[name.toLowerCase()]?.toString();
  observe({ method, path, status: response.status ?? 0, header, body: response.body });
  return response;
}

/** Bypasses the gateway, which has its own limits: gateways in a cluster may have none. */
const requestToClient = (path: string, headers: OutgoingHttpHeaders) =>
  request(processNamed("client-1").url, { method: "POST", path, headers }).on("error", () => {});

async function responseTo(sent: ClientRequest) {
  const [response]: [IncomingMessage] = await once(sent, "response").then(([first]) => [first]);
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const form = { "content-type": "application/x-www-form-urlencoded" };

it.each([
  ["GET", "/tickets/%E0%A4%A", 400],
  ["GET", "/orders/%", 400],
  ["HEAD", "/orders/%ff/receipt", 400],
  ["GET", "/api/tickets/%E0%A4%A", 400],
  ["PUT", "/", 405],
  ["POST", "/listings", 405],
  ["TRACE", "/listings", 405],
  ["DELETE", "/auth/session", 405],
  ["GET", "/auth/account", 405],
  ["OPTIONS", "/", 204],
])("responds to %s %s with %d", async (method, path, status) => {
  expect((await send(method, path)).status).toBe(status);
});

it("lists the methods of a page in Allow", async () => {
  expect((await send("PUT", "/")).headers.allow).toBe("GET, HEAD");
});

describe.each(["/auth/account", "/auth/recovery", "/auth/session"])("the form route %s", (path) => {
  it.each([
    ["JSON", 415, { "content-type": "application/json" }, "{}"],
    ["text", 415, { "content-type": "text/plain" }, "intent=signout"],
    ["an invalid multipart form", 400, { "content-type": "multipart/form-data" }, "x"],
    ["no intent", 400, form, "next=/"],
    ["the name of a method of objects as the intent", 400, form, "intent=toString"],
  ])("responds to %s with %d", async (_what, status, headers, body) => {
    expect((await send("POST", path, headers, body)).status).toBe(status);
  });
});

it.each([
  ["/auth/account", "deletion"],
  ["/auth/account", "password"],
  ["/auth/account", "sessions"],
  ["/auth/account", "verification"],
  ["/auth/recovery", "forgot"],
  ["/auth/session", "signin"],
  ["/auth/session", "signout"],
])("rejects a form of another site, sent to %s for %s", async (path, intent) => {
  const headers = { ...form, "sec-fetch-site": "cross-site" };
  expect((await send("POST", path, headers, `intent=${intent}`)).status).toBe(403);
});

it("redirects from a form about an account to the sign-in page once the session has ended", async () => {
  const response = await send("POST", "/auth/account", form, "intent=sessions");
  expect(response).toMatchObject({ status: 303, headers: { location: "/account?refused=sessions" } });
  expect((await send("GET", "/account?refused=sessions")).headers.location).toBe(
    "/auth/signin?next=%2Faccount",
  );
});

it("redirects to a path in any script", async () => {
  const response = await send("POST", "/auth/session", form, "intent=signout&next=/%E6%9D%B1");
  expect(response).toMatchObject({ status: 303, headers: { location: "/%E6%9D%B1" } });
});

it("redirects from a sign-in with a long email to the page that shows the error", async () => {
  const body = new URLSearchParams({ intent: "signin", email: "東".repeat(1_500), password: "x", next: "/" });
  const response = await send("POST", "/auth/session", form, body.toString());
  expect(response).toMatchObject({ status: 303, headers: { location: "/auth/signin?next=%2F&refused=" } });
  expect(decodeURIComponent(String(response.headers["set-cookie"]))).toContain('"email":""');
});

it("redirects from a sign-in with a long path to continue on, to the front page", async () => {
  const body = new URLSearchParams({
    intent: "signin",
    email: "",
    password: "x",
    next: `/${"東".repeat(1_500)}`,
  });
  const response = await send("POST", "/auth/session", form, body.toString());
  expect(response).toMatchObject({ status: 303, headers: { location: "/auth/signin?next=%2F&refused=" } });
});

describe("a body sent to the client's", () => {
  const formPaths = ["/auth/session", "/test-cards", "/listings"];
  const unfinished = new Map<string, ReturnType<typeof responseTo>>();

  // All at once, because the client waits for 10 s.
  beforeAll(() => {
    for (const path of formPaths) {
      const sent = requestToClient(path, { ...form, "content-length": 10 });
      sent.flushHeaders();
      unfinished.set(path, responseTo(sent));
    }
  });

  describe.each(formPaths)("%s", (path) => {
    it("is rejected with 413 when its Content-Length is too large", async () => {
      const sent = requestToClient(path, { ...form, "content-length": 20_000 });
      sent.flushHeaders();
      expect((await responseTo(sent)).status).toBe(413);
    });

    it("is rejected with 413 as soon as it exceeds the limit", async () => {
      const sent = requestToClient(path, { ...form, "transfer-encoding": "chunked" });
      sent.write("x".repeat(20_000));
      expect((await responseTo(sent)).status).toBe(413);
    });

    it("is rejected with 408 when it does not arrive", async () => {
      expect((await unfinished.get(path))?.status).toBe(408);
    });
  });
});

it("times out on a sandbox that does not respond", async () => {
  await fault({ kind: "delay", operation: "token", milliseconds: 10_000 });
  const card = { number: "4242424242424242", expiry: "12/40", cvc: "123" };
  const response = await send(
    "POST",
    "/test-cards",
    { "content-type": "application/json" },
    JSON.stringify(card),
  );
  expect([response.status, JSON.parse(response.body).code]).toEqual([503, "unavailable"]);
});

it("signs in without JavaScript when auth takes longer than a page waits for a service", async () => {
  const all = ["auth-1", "auth-2"];
  await Promise.all(all.map(freeze));
  const body = new URLSearchParams({
    intent: "signup",
    email: `${randomUUID()}@example.com`,
    password: "correct horse",
  });
  const sent = send("POST", "/auth/session", form, body.toString());
  await wait(5_000);
  for (const name of all) signal(name, "SIGCONT");
  const response = await sent;
  expect(response).toMatchObject({ status: 303, headers: { location: "/" } });
  expect(String(response.headers["set-cookie"])).toContain("session=");
  for (const name of all) await ready(name);
});
