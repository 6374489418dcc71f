import { once } from "node:events";
import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  createServer,
  request,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { eventually } from "../../common/src/testing/eventually";
import { limitBodies } from "./body-limits";

const endLimits = limitBodies({ maxBytes: 1_000, maxMs: 300 });
afterAll(endLimits); // other files may run in this process

let server: Server;
let bodies: string[];

beforeEach(async () => {
  bodies = [];
  server = createServer((req, res) => {
    text(req).then(
      (body) => {
        bodies.push(body);
        res.end("done");
      },
      () => res.end("aborted"),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const port = () => (server.address() as AddressInfo).port;

function post(headers: OutgoingHttpHeaders = {}) {
  const sent = request({ port: port(), host: "127.0.0.1", method: "POST", headers });
  const status = async () => {
    const [response]: IncomingMessage[] = await once(sent, "response");
    response?.resume();
    return response?.statusCode;
  };
  return { sent, status };
}

it.each([{ "content-length": 1000 }, { "transfer-encoding": "chunked" }])(
  "accepts a body of the largest size with %j",
  async (headers) => {
    const { sent, status } = post(headers);
    sent.write("x".repeat(600));
    sent.end("x".repeat(400));
    expect(await status()).toBe(200);
    expect(bodies).toEqual(["x".repeat(1000)]);
  },
);

it("returns 413 to a length above the limit, before any of the body has come", async () => {
  const { sent, status } = post({ "content-length": 1001 });
  sent.on("error", () => {}).flushHeaders();
  expect(await status()).toBe(413);
  await eventuallyClosed();
  expect(bodies).toEqual([]);
});

it("returns 413 to a body without a length as soon as it exceeds the limit", async () => {
  const { sent, status } = post({ "transfer-encoding": "chunked" });
  sent.on("error", () => {}).write("x".repeat(1001));
  expect(await status()).toBe(413);
  await eventuallyClosed();
  expect(bodies).toEqual([]);
});

it("returns 408 to a body that does not come, and ends its connection", async () => {
  const { sent, status } = post({ "content-length": 10 });
  sent.on("error", () => {}).write("x");
  expect(await status()).toBe(408);
  await eventuallyClosed();
  expect(bodies).toEqual([]);
});

/** The client keeps its side open, so this is the server's doing. */
function eventuallyClosed(): Promise<void> {
  const count = () => new Promise((resolve) => server.getConnections((_error, open) => resolve(open)));
  return eventually(async () => expect(await count()).toBe(0), { withinSeconds: 4 });
}

it("accepts every body once the limits have ended", async () => {
  endLimits();
  const { sent, status } = post();
  sent.end("x".repeat(2000));
  expect(await status()).toBe(200);
});
