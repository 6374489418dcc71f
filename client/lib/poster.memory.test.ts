import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const patch = readFileSync(join(__dirname, "../../infra/k8s/base/patches/more-memory.yaml"), "utf8");
const limitMiB = Number(/limits: { memory: (\d+)Mi }/.exec(patch)?.[1]);

/** Requests 200 images at once, and prints the statuses and the most memory that the process has used. */
const requests = `
  const { readFileSync } = require("node:fs");
  const { poster } = require(${JSON.stringify(join(__dirname, "poster.ts"))});
  const ofTicket = (_, number) => poster({ title: "Ticket " + number, note: "$20.00", maxAgeSeconds: 0 });
  Promise.all(Array.from({ length: 200 }, ofTicket)).then((responses) => {
    const peak = /^VmHWM:\\s+(\\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))[1] / 1024;
    console.log(JSON.stringify({ peak, statuses: responses.map(({ status }) => status) }));
  });
`;

it("stays below the memory limit of its container while 200 preview images are requested at once", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "-e", requests], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const { peak, statuses }: { peak: number; statuses: number[] } = JSON.parse(printed);
  expect(peak).toBeLessThan(limitMiB);
  expect(statuses.filter((status) => status === 200)).toHaveLength(22);
  expect(statuses.filter((status) => status === 503)).toHaveLength(178);
}, 120_000);
