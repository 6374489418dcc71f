import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { memoryLimitMiB } from "../../common/test/memory";

const required = (path: string) => `require(${JSON.stringify(join(__dirname, path))})`;

/** Requests 200 images at once, and prints the statuses and the most memory that the process has used. */
const requests = `
  const { peakMiB } = ${required("../../common/test/memory.ts")};
  const { poster } = ${required("poster.ts")};
  const ofTicket = (_, number) => poster({ title: "Ticket " + number, note: "$20.00", maxAgeSeconds: 0 });
  Promise.all(Array.from({ length: 200 }, ofTicket)).then((responses) => {
    console.log(JSON.stringify({ peak: peakMiB(process.pid), statuses: responses.map(({ status }) => status) }));
  });
`;

it("stays below the memory limit of its container while 200 preview images are requested at once", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "-e", requests], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const { peak, statuses }: { peak: number; statuses: number[] } = JSON.parse(printed);
  expect(peak).toBeLessThan(memoryLimitMiB("more-memory.yaml"));
  expect(statuses.filter((status) => status === 200)).toHaveLength(22);
  expect(statuses.filter((status) => status === 503)).toHaveLength(178);
}, 120_000);
