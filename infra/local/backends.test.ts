import { once } from "node:events";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isReady } from "./backends";
import { afterwards } from "./testing";

async function urlOf(respond: RequestListener): Promise<string> {
  const server = createServer(respond).listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([
  [200, true],
  [503, false],
])("treats a backend that responds with %i as ready: %p", async (status, expected) => {
  expect(await isReady(await urlOf((_req, res) => res.writeHead(status).end("body")))).toBe(expected);
});

it("treats a backend that resets the connection within its response as not ready", async () => {
  const url = await urlOf((req, res) => {
    res.writeHead(200, { "Content-Length": "10" });
    res.write("body", () => req.socket.resetAndDestroy());
  });
  expect(await isReady(url)).toBe(false);
});
