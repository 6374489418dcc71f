import { once } from "node:events";
import { createServer } from "node:net";
import type * as ports from "./port";
import { freePort, isFree, portOwner } from "./port";
import { afterwards } from "./testing";

it("names the process that listens on a port, and none for a free port", async () => {
  const port = await listening();
  expect(portOwner(port)).toContain(`pid ${process.pid} (`);
  expect(portOwner(await freePort())).toBeUndefined();
});

it.each(["127.0.0.1", "::1"])(
  "does not treat a port as free when a process listens on it at %s",
  async (host) => {
    expect(await isFree(await listening(host))).toBe(false);
  },
);

it("finds different free ports below the ephemeral range", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  expect(await Promise.all(ports.map(isFree))).not.toContain(false);
});

it("does not return a reserved port", async () => {
  const first = await freePort();
  process.env.EVENTHIVE_PORTS = `${first}+50`;
  afterwards(() => delete process.env.EVENTHIVE_PORTS);
  await jest.isolateModulesAsync(async () => {
    const inRange: typeof ports = jest.requireActual("./port");
    inRange.reservePort(first);
    const found = new Set<number>();
    for (let call = 0; call < 60; call++) found.add(await inRange.freePort());
    expect(found).not.toContain(first);
  });
});

it("finds ports in the range given by the environment", async () => {
  process.env.EVENTHIVE_PORTS = "23000+500";
  afterwards(() => delete process.env.EVENTHIVE_PORTS);
  await jest.isolateModulesAsync(async () => {
    const { freePort: portInRange }: typeof ports = jest.requireActual("./port");
    const port = await portInRange();
    expect(port).toBeGreaterThanOrEqual(23_000);
    expect(port).toBeLessThan(23_500);
  });
});

async function listening(host = "127.0.0.1"): Promise<number> {
  const port = await freePort();
  const server = createServer().listen(port, host);
  await once(server, "listening");
  afterwards(() => server.close());
  return port;
}
