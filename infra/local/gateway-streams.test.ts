import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { eventually } from "../../common/src/testing/eventually";
import { afterwards, backend, gatewayTo, type Handler } from "./testing";

const mebibyte = 1024 * 1024;
let agent: Agent;

beforeEach(() => {
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  afterwards(() => agent.destroy());
});

it("forwards each event of a stream immediately", async () => {
  let seen = "";
  const url = await gatewayToOrders(async (_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    await eventually(() => expect(seen).toBe("head"));
    res.write("data: first\n\n");
    await eventually(() => expect(seen).toBe("head, data: first\n\n"));
    res.end();
  });
  const response = await responseTo(open(url).end());
  seen = "head";
  for await (const event of response) seen += `, ${event}`;
  expect(seen).toBe("head, data: first\n\n");
});

it("streams a request body", async () => {
  let received = "";
  const url = await gatewayToOrders(async (req, res) => {
    for await (const part of req) received += part;
    res.end("thanks");
  });
  const upload = open(url, "POST");
  upload.write("first");
  await eventually(() => expect(received).toBe("first"));
  expect(await text(await responseTo(upload.end(" second")))).toBe("thanks");
  expect(received).toBe("first second");
});

it("forwards large responses completely", async () => {
  const large = Buffer.alloc(8 * mebibyte, "eventhive");
  const url = await gatewayToOrders((_req, res) => void res.end(large));
  expect((await buffer(await responseTo(open(url).end()))).equals(large)).toBe(true);
});

it("forwards a response that precedes the end of the request body, and keeps the connection", async () => {
  const url = await gatewayToOrders((_req, res) => void res.writeHead(413).end("far too much"));
  const { socket, received } = rawConnection(url);
  socket.write(`${head("POST", "content-length: 100000")}${"x".repeat(1_000)}`);
  await eventually(() => expect(received()).toContain("far too much"));
  socket.write("x".repeat(99_000));
  await expectNextResponse(socket, received);
});

it.each([
  ["declares", "content-length: 2000000", "x".repeat(1_500_000), "x".repeat(500_000)],
  ["turns out to have", "transfer-encoding: chunked", chunk(1_500_000), `${chunk(500_000)}0\r\n\r\n`],
])(
  "responds with 413 too-large when a body %s more than 1 MiB, and keeps the connection",
  async (_how, length, ...body) => {
    const url = await gatewayToOrders((req, res) => req.once("end", () => res.end("taken")).resume());
    const { socket, received } = rawConnection(url);
    const [first, rest] = body;
    socket.write(head("POST", length) + first);
    await eventually(() => expect(received()).toContain('"code":"too-large"'));
    expect(received()).toMatch(/^HTTP\/1.1 413 /);
    socket.write(rest ?? "");
    await expectNextResponse(socket, received);
  },
);

it("keeps the connection when the service disconnects during a request body", async () => {
  const url = await gatewayToOrders((req, res) => {
    let size = 0;
    req.on("data", (part: Buffer) => {
      size += part.length;
      if (size === 300_000) req.socket.destroy();
    });
    req.once("end", () => res.end("taken"));
  });
  const { socket, received } = rawConnection(url);
  socket.write(`${head("POST", "content-length: 900000")}${"x".repeat(300_000)}`);
  await eventually(() => expect(received()).toContain('"code":"bad-gateway"'));
  socket.write("x".repeat(600_000));
  await expectNextResponse(socket, received);
});

it("accepts a body of exactly 1 MiB", async () => {
  const url = await gatewayToOrders(async (req, res) => res.end(String((await buffer(req)).length)));
  const response = await responseTo(open(url, "POST").end(Buffer.alloc(mebibyte)));
  expect(await text(response)).toBe(String(mebibyte));
});

it.each([400, 401, 403, 404, 409, 415, 422, 429])("keeps the connection after a %d", async (status) => {
  const url = await gatewayToOrders((_req, res) => void res.writeHead(status).end()); // without reading the body
  const response = await responseTo(open(url, "POST").end("x".repeat(50_000)));
  expect([response.statusCode, await text(response)]).toEqual([status, ""]);
  await expectKept(url);
});

it("frames the body of a DELETE, so that it is not parsed as the next request", async () => {
  const received: string[] = [];
  const url = await gatewayToOrders(async (req, res) => {
    received.push(`${req.method} ${req.url} ${await text(req)}`);
    res.end();
  });
  await text(
    await responseTo(
      open(url, "DELETE", { "transfer-encoding": "chunked" }).end("GET /api/orders/2 HTTP/1.1\r\n\r\n"),
    ),
  );
  await text(await responseTo(open(url).end()));
  expect(received).toEqual(["DELETE /api/orders/1 GET /api/orders/2 HTTP/1.1\r\n\r\n", "GET /api/orders/1 "]);
});

it("accepts HTTP/1.0 requests without a Host header", async () => {
  const { socket, received } = rawConnection(await gatewayToOrders((_req, res) => res.end("hello")));
  socket.write("GET /api/orders/1 HTTP/1.0\r\n\r\n");
  await eventually(() => expect(received()).toMatch(/hello$/));
});

it.each(["before the response", "during the response"])(
  "closes the connection to the service when the client disconnects %s",
  async (when) => {
    let isOpen = false;
    const url = await gatewayToOrders((_req, res) => {
      isOpen = true;
      if (when === "during the response") res.write("half of ");
      res.once("close", () => (isOpen = false));
    });
    const { socket, received } = rawConnection(url);
    socket.write(head("GET"));
    await eventually(() => {
      expect(isOpen).toBe(true);
      expect(received()).toContain(when === "during the response" ? "half of " : "");
    });
    socket.destroy();
    await eventually(() => expect(isOpen).toBe(false));
  },
);

it("aborts a response that the service aborts, instead of ending it as if it were complete", async () => {
  const url = await gatewayToOrders((req, res) => {
    res.write("half of ");
    setImmediate(() => req.socket.destroy());
  });
  await expect(responseTo(open(url).end()).then(text)).rejects.toThrow("aborted");
});

async function gatewayToOrders(handler: Handler): Promise<string> {
  return `${await gatewayTo([await backend("orders", handler)])}/api/orders/1`;
}

function open(url: string, method = "GET", headers = {}): ClientRequest {
  return request(url, { agent, method, headers });
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(sent, "response");
  return response;
}

/** Sends another request on the same connection. */
async function expectKept(url: string): Promise<void> {
  const again = open(url).end();
  await text(await responseTo(again));
  expect(again.reusedSocket).toBe(true);
}

/** Node's HTTP client closes a connection if the response arrives before the request has been sent. */
function rawConnection(url: string): { socket: Socket; received: () => string } {
  let received = "";
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.setEncoding("utf8").on("data", (part: string) => (received += part));
  afterwards(() => socket.destroy());
  return { socket, received: () => received };
}

function chunk(size: number): string {
  return `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
}

function head(method: string, length = "content-length: 0"): string {
  return `${method} /api/orders/1 HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n`;
}

async function expectNextResponse(socket: Socket, received: () => string): Promise<void> {
  const responses = () => received().match(/HTTP\/1.1 \d+/g)?.length;
  expect(responses()).toBe(1);
  socket.write(head("GET"));
  await eventually(() => expect(responses()).toBe(2));
}
