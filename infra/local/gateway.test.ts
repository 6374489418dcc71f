import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { eventually } from "../../common/src/testing/eventually";
import { type HttpResponse, afterwards, send, backend, gatewayTo, type Handler } from "./testing";

describe("a request is routed to", () => {
  it("a process of the service that its path belongs to", async () => {
    const url = await gatewayTo([
      await backend("tickets", respondingWith("tickets")),
      await backend("orders", respondingWith("orders")),
    ]);
    expect(await send(`${url}/api/tickets/1?q=jazz`)).toMatchObject({ status: 200, body: "tickets" });
    expect(await send(`${url}/api/orders`)).toMatchObject({ status: 200, body: "orders" });
  });

  it("its processes in round-robin order", async () => {
    const url = await gatewayTo([
      await backend("orders", respondingWith("one")),
      await backend("orders", respondingWith("two")),
    ]);
    const responses = [
      await nameOfBackend(url),
      await nameOfBackend(url),
      await nameOfBackend(url),
      await nameOfBackend(url),
    ];
    expect(responses.toSorted()).toEqual(["one", "one", "two", "two"]);
  });

  it("ready processes only", async () => {
    let isReady = false;
    const late = await backend("orders", respondingWith("late"), () => isReady);
    const url = await gatewayTo([late, await backend("orders", respondingWith("ready"))]);
    expect([await nameOfBackend(url), await nameOfBackend(url), await nameOfBackend(url)]).toEqual([
      "ready",
      "ready",
      "ready",
    ]);
    isReady = true;
    await eventually(async () => expect(await nameOfBackend(url)).toBe("late"));
    isReady = false;
    await eventually(async () =>
      expect([await nameOfBackend(url), await nameOfBackend(url)]).toEqual(["ready", "ready"]),
    );
  });

  it("another process, with its whole body, if the first refuses the connection", async () => {
    const stopped = await backend("orders", respondingWith("stopped"));
    const url = await gatewayTo([
      stopped,
      await backend("orders", async (req, res) => res.end(await text(req))),
    ]);
    stopped.stop();
    expect(await buy(url, "first")).toMatchObject({ status: 200, body: "first" });
    expect(await buy(url, "second")).toMatchObject({ status: 200, body: "second" });
  });

  it("one process only once it was sent, even if that process crashes", async () => {
    let received = 0;
    const crashes: Handler = (req) => {
      received++;
      req.socket.destroy();
    };
    const url = await gatewayTo([await backend("orders", crashes), await backend("orders", crashes)]);
    const response = await buy(url, "one");
    expect(errorOf(response)).toMatchObject({ status: 502, code: "bad-gateway" });
    expect(response.headers).toMatchObject({ "retry-after": "1" });
    expect(received).toBe(1);
  });

  it("a new connection if the service closes the keep-alive connection at the same moment", async () => {
    let connections = 0;
    const service = await backend("orders", (req, res) => {
      if (req.url === "/api/orders/first") return res.end("kept");
      // The second request fails on the old connection, as in a race between request and close.
      if (connections++ === 0) return req.socket.resetAndDestroy();
      return res.end("returned");
    });
    const url = await gatewayTo([service]);
    await send(`${url}/api/orders/first`);
    expect(await send(`${url}/api/orders`)).toMatchObject({ status: 200, body: "returned" });
  });
});

describe("the gateway itself responds with", () => {
  it("503 unavailable if there is no process of the client", async () => {
    expect(errorOf(await send(await gatewayTo([])))).toMatchObject({ status: 503, code: "unavailable" });
  });

  it("503 unavailable and Retry-After if no process is ready", async () => {
    const url = await gatewayTo([await backend("orders", respondingWith("orders"), () => false)]);
    const response = await send(`${url}/api/orders`, { headers: { "x-request-id": "mine-1" } });
    expect(response).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(JSON.parse(response.body)).toEqual({
      errors: [{ message: "The service is temporarily unavailable" }],
      code: "unavailable",
      requestId: "mine-1",
    });
  });

  it("504 gateway-timeout if the response takes too long", async () => {
    const url = await gatewayTo([await backend("orders", () => undefined)], {
      maxResponseMs: 100,
    });
    const response = await send(`${url}/api/orders`);
    expect(errorOf(response)).toMatchObject({ status: 504, code: "gateway-timeout" });
    expect(response.headers).toMatchObject({ "retry-after": "5" });
  });

  it("408 request-timeout if the request does not arrive in time", async () => {
    const url = await gatewayTo([await backend("orders", () => undefined)], {
      maxResponseMs: 100,
    });
    const response = await sendRaw(url, "POST /api/orders", "Content-Length: 9\r\n\r\nhalf");
    expect(response).toMatch(/^HTTP\/1.1 408 [^]*"code":"request-timeout"/);
  });

  it.each([
    ["OPTIONS *", 204],
    ["GET http://[bad]/api/orders", 400],
  ])("%s with %d", async (line, status) => {
    const url = await gatewayTo([await backend("orders", respondingWith("orders"))]);
    expect(await sendRaw(url, line)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

it("rejects TRACE, and names the methods that are allowed", async () => {
  const url = await gatewayTo([await backend("orders", respondingWith("orders"))]);
  expect(await sendRaw(url, "TRACE /api/orders")).toMatch(/^HTTP\/1.1 405 [^]*\nallow: GET, HEAD, POST, /);
});

it("forwards the path of an absolute request target", async () => {
  const url = await gatewayTo([await backend("orders", (req, res) => void res.end(`requested ${req.url}`))]);
  const response = await sendRaw(url, "GET http://evil.example/api/orders?a=1");
  expect(response).toContain("requested /api/orders?a=1");
});

describe("headers", () => {
  it("contain the client address that the gateway sees, not the one that the client sends", async () => {
    const forged = { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https", forwarded: "for=6.6.6.6" };
    const { received } = await exchange(forged);
    expect(received).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" });
    expect(received["x-forwarded-host"]).toBe(received.host);
    expect(received.forwarded).toBeUndefined();
  });

  it("keep a valid request id, and replace an invalid one", async () => {
    const idFor = async (sent: object) => (await exchange({ ...sent })).received["x-request-id"];
    expect(await idFor({ "x-request-id": "mine-1" })).toBe("mine-1");
    expect(await idFor({ "x-request-id": "not an id" })).toMatch(/^[\da-f-]{36}$/);
    expect(await idFor({})).toMatch(/^[\da-f-]{36}$/);
  });

  it("are forwarded in both directions, except for hop-by-hop headers", async () => {
    const sent = { connection: "x-private", "x-private": "1", "x-public": "2", te: "trailers" };
    const { received, response } = await exchange(sent);
    expect(received).toMatchObject({ "x-public": "2" });
    expect([received["x-private"], received.te]).toEqual([undefined, undefined]);
    expect(response.headers).toMatchObject({ "set-cookie": ["a=1", "b=2"] });
    expect(response.headers["proxy-authenticate"]).toBeUndefined();
  });
});

/** The headers that the service received, and those of the response. */
async function exchange(
  headers: Record<string, string>,
): Promise<{ received: IncomingHttpHeaders; response: HttpResponse }> {
  const service = await backend("orders", (req, res) => {
    res.setHeader("set-cookie", ["a=1", "b=2"]).setHeader("proxy-authenticate", "Basic");
    res.end(JSON.stringify(req.headers));
  });
  const response = await send(`${await gatewayTo([service])}/api/orders`, { headers });
  return { received: JSON.parse(response.body), response };
}

/** The response to a request that Node's HTTP client would not send. */
function sendRaw(url: string, line: string, rest = "\r\n"): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  afterwards(() => socket.destroy());
  socket.write(`${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}`);
  return text(socket);
}

function respondingWith(name: string): Handler {
  return (_req, res) => void res.end(name);
}

async function nameOfBackend(url: string): Promise<string> {
  return (await send(`${url}/api/orders`)).body;
}

function buy(url: string, body: string): Promise<HttpResponse> {
  return send(`${url}/api/orders`, { method: "POST", body });
}

function errorOf({ status, body }: HttpResponse): { status: number | undefined; code: string } {
  const { errors, code, requestId } = JSON.parse(body);
  expect({ errors, requestId }).toEqual({
    errors: [{ message: expect.any(String) }],
    requestId: expect.any(String),
  });
  return { status, code };
}
