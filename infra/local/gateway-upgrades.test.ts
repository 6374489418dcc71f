import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { eventually } from "../../common/src/testing/eventually";
import { startGateway } from "./gateway";
import { freePort } from "./port";
import { readRoutes } from "./routes";
import { afterwards, send, backend, gatewayTo, type Handler } from "./testing";

const upgrade = { connection: "Upgrade", upgrade: "websocket" };

it("connects both sides after the handshake, and forwards data in both directions", async () => {
  const { url, sides } = await gatewayToPages();
  const { browser, headers } = await connect(`${url}/_next/hmr?id=1`);
  expect(headers).toMatchObject({
    upgrade: "websocket",
    "x-requested": "/_next/hmr?id=1",
    "x-from": "127.0.0.1",
  });
  const [service] = sides;
  const received = { browser: "", service: "" };
  browser.on("data", (part) => (received.browser += part));
  service?.on("data", (part) => (received.service += part));
  await eventually(() => expect(received.browser).toBe("hello ")); // sent together with the handshake
  browser.write("ping");
  await eventually(() => expect(received.service).toBe("ping"));
  service?.write("pong");
  await eventually(() => expect(received.browser).toBe("hello pong"));
});

it.each(["browser", "service"])(
  "closes the other side when the %s ends or breaks the connection",
  async (who) => {
    const { url, sides } = await gatewayToPages();
    for (const leave of [(side?: Duplex) => side?.end(), (side?: Duplex) => side?.destroy()]) {
      const { browser } = await connect(url);
      const service = sides.at(-1);
      for (const side of [browser, service]) side?.resume();
      leave(who === "browser" ? browser : service);
      await eventually(() => expect([browser.closed, service?.closed]).toEqual([true, true]));
    }
  },
);

it("ignores upgrades if they are not enabled", async () => {
  const url = await gatewayTo([await backend("client", (_req, res) => res.end("a page"))]);
  expect(await send(url, { headers: upgrade })).toMatchObject({ status: 200, body: "a page" });
});

it("forwards the service's rejection of an upgrade", async () => {
  const url = await gatewayTo([await backend("client", (_req, res) => res.writeHead(403).end("not you"))], {
    forwardsUpgrades: true,
  });
  expect(await send(url, { headers: upgrade })).toMatchObject({ status: 403, body: "not you" });
});

it.each<[string, number, string, Handler | undefined]>([
  ["no process is ready", 503, "GET", undefined],
  ["the service breaks off", 502, "GET", (req) => req.socket.destroy()],
  ["the service does not respond", 504, "GET", () => undefined],
  ["it is requested with a body", 400, "POST", () => undefined],
])("refuses by itself when %s", async (_why, status, method, handler) => {
  const url = await gatewayTo(handler ? [await backend("client", handler)] : [], {
    maxResponseMs: 300,
    forwardsUpgrades: true,
  });
  const refusal = await send(url, { method, headers: { ...upgrade, "x-request-id": "mine-1" } });
  expect(refusal).toMatchObject({ status, headers: { connection: "close" } });
  expect(JSON.parse(refusal.body)).toMatchObject({ requestId: "mine-1" });
});

it("closes established and pending upgrades when it is closed", async () => {
  const { url, sides, close } = await gatewayToPages();
  const { browser } = await connect(url);
  browser.resume();
  const waiting = connect(`${url}/never`).then(
    () => "joined",
    (error: Error) => error.message,
  );
  await eventually(() => expect(sides).toHaveLength(2));
  for (const side of sides) side.resume();
  await close();
  await eventually(() => expect([browser, ...sides].every(({ closed }) => closed)).toBe(true));
  expect(await waiting).toBe("socket hang up");
});

/** A client process that accepts every upgrade, and its sides of the connections. */
async function gatewayToPages() {
  const pages = await backend("client", () => undefined);
  const sides: Duplex[] = [];
  pages.server.on("upgrade", (req: IncomingMessage, side: Duplex) => {
    side.once("end", () => side.end()); // like WebSocket libraries
    sides.push(side);
    if (req.url === "/never") return;
    const echoed = `x-requested: ${req.url}\r\nx-from: ${String(req.headers["x-forwarded-for"])}\r\n`;
    side.write(`HTTP/1.1 101 Agreed\r\nconnection: upgrade\r\nupgrade: websocket\r\n${echoed}\r\nhello `);
  });
  const port = await freePort();
  const gateway = await startGateway({
    port,
    routes: readRoutes(),
    backends: [pages],
    forwardsUpgrades: true,
  });
  afterwards(() => gateway.close());
  return { url: `http://127.0.0.1:${port}`, sides, close: () => gateway.close() };
}

function connect(url: string): Promise<{ browser: Duplex; headers: IncomingHttpHeaders }> {
  const sent = request(url, { agent: false, headers: upgrade }).end();
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("upgrade", ({ headers }, browser, head) => {
      browser.once("error", () => undefined); // if the other side aborts
      browser.unshift(head);
      resolve({ browser, headers });
    });
  });
}
