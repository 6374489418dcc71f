import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "../../common/src/testing/eventually";
import { endProcesses, run, testEnvironment } from "../../common/test/service-process";

afterEach(endProcesses);

const patch = readFileSync(join(__dirname, "../../infra/k8s/base/patches/more-memory.yaml"), "utf8");
const limitMiB = Number(/limits: { memory: (\d+)Mi }/.exec(patch)?.[1]);

async function memoryMiB(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout) / 1024;
}

it("stays below the memory limit of its container during 50 sign-ins at once", async () => {
  const { environment, port, send } = await testEnvironment();
  const hashing = { HASHING_QUEUE_TIMEOUT: "10m" }; // at the real cost, which takes long on a busy machine
  const service = run({ file: join(__dirname, "index.ts"), environment: { ...environment, ...hashing } });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));

  let pending = 50;
  const statuses = Array.from({ length: pending }, async (_, number) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/users/signin`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": `203.0.113.${number}` },
      body: JSON.stringify({ email: `user-${number}@example.com`, password: "correct horse" }),
    });
    pending -= 1;
    return response.status;
  });
  let maxMiB = 0;
  await eventually(
    async () => {
      maxMiB = Math.max(maxMiB, await memoryMiB(service.pid));
      expect(pending).toBe(0);
    },
    { withinSeconds: 240 },
  );
  expect(await Promise.all(statuses)).toEqual(Array(50).fill(400)); // none has an account
  expect(maxMiB).toBeGreaterThan(2 * 128); // two hashes were seen
  expect(maxMiB).toBeLessThan(limitMiB);
}, 300_000);
