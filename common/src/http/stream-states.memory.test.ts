import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import { eventually } from "../testing/eventually";
import { memoryLimitMiB, usedMiB } from "../../test/memory";
import { endProcesses, run, testEnvironment } from "../../test/service-process";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await endProcesses();
});

const maxStreams = 1000; // MAX_STREAMS
const withoutStreamsMiB = 110; // a process of tickets in its image

/** Resolves when so many messages have arrived. */
function received(socket: Socket, count: number): Promise<void> {
  let lines = 0;
  return new Promise((resolve, reject) => {
    socket.on("close", () => reject(new Error("The stream has ended")));
    socket.on("data", (chunk: Buffer) => {
      lines += chunk.filter((byte) => byte === 10).length;
      if (lines >= 3 * count) resolve();
    });
  });
}

it("leaves room in the memory of a container for as many streams as it accepts, each of the longest titles in another order", async () => {
  const { environment, port, send } = await testEnvironment();
  const service = run({ file: join(__dirname, "../../test/long-streams.ts"), environment });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));

  let opened = 0;
  const open = async () => {
    const number = opened++;
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
    // As long as the URL of a page.
    socket.write(`GET /stream?ids=${"x".repeat(2_500)}${number} HTTP/1.1\r\nHost: localhost\r\n`);
    socket.write(`X-Forwarded-For: 203.0.113.${number % 100}\r\n\r\n`);
    await received(socket, 100);
  };
  const openMany = (count: number) => Promise.all(Array.from({ length: count }, open));

  for (let batch = 0; batch < 2; batch++) await openMany(50); // what the process needs anyway
  const before = usedMiB(service.pid);
  for (let batch = 0; batch < 6; batch++) await openMany(50);
  const ofOne = (usedMiB(service.pid) - before) / 300;
  expect(withoutStreamsMiB + maxStreams * ofOne).toBeLessThan(memoryLimitMiB("service.yaml"));
}, 300_000);
