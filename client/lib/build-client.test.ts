import { once } from "node:events";
import { type IncomingMessage, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buildClient } from "./build-client";

let server: Server;
let received: IncomingMessage | undefined;

beforeEach(async () => {
  server = createServer((request, response) => {
    received = request;
    response.setHeader("content-type", "application/json").end("[]");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const addressOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

it("sends requests to the path's service with the forwarded headers only", async () => {
  const asOne = {
    "accept-language": "en",
    cookie: "session=abc",
    origin: "https://eventhive.example",
    "sec-fetch-site": "same-origin",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "https",
    "x-request-id": "request-1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
  const headers = new Headers({
    ...asOne,
    host: "eventhive.example",
    "content-length": "17",
    "accept-encoding": "br",
    "if-none-match": "abc",
    authorization: "Bearer abc",
    "next-router-state-tree": "abc",
  });
  const paths: string[] = [];
  const client = buildClient({ headers, addressOf: (path) => (paths.push(path), addressOf()) });
  await client.get("/api/tickets", { params: { q: "jazz", sort: undefined } });

  expect(paths).toEqual(["/api/tickets"]);
  expect(received?.url).toBe("/api/tickets?q=jazz");
  const {
    accept,
    connection,
    host,
    "user-agent": agent,
    "accept-encoding": encoding,
    ...rest
  } = received?.headers ?? {};
  expect(rest).toEqual(asOne);
  expect(host).toBe(addressOf().slice("http://".length));
  expect([accept, connection, agent, encoding]).not.toContain("br");
});
