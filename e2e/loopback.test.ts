import { once } from "node:events";
import { connect } from "node:net";
import { stackFile } from "./stack";

/** Whether a server listens on this local address. */
async function responds(host: string, url: string): Promise<boolean> {
  const socket = connect({ host, port: Number(new URL(url).port), timeout: 1_000 });
  const connected = once(socket, "connect").then(() => true);
  const timedOut = once(socket, "timeout").then(() => false);
  return Promise.race([connected, timedOut])
    .catch(() => false)
    .finally(() => socket.destroy());
}

it("listens on 127.0.0.1 only, in every process", async () => {
  const { url, processes } = stackFile();
  const urls = [url, ...processes.flatMap((process) => process.url ?? [])];
  expect(urls.length).toBeGreaterThan(10);
  for (const each of urls) {
    expect({ url: each, responds: await responds("127.0.0.1", each) }).toEqual({ url: each, responds: true });
    // Another loopback address: reaches servers that listen on all interfaces.
    expect({ url: each, responds: await responds("127.0.0.2", each) }).toEqual({
      url: each,
      responds: false,
    });
  }
});
