import { join } from "node:path";
import { eventually } from "../../common/src/testing/eventually";
import { memoryLimitMiB, peakMiB } from "../../common/test/memory";
import { endProcesses, run, testEnvironment } from "../../common/test/service-process";

afterEach(endProcesses);

it("stays below the memory limit of its container during 50 sign-ins at once", async () => {
  const { environment, port, send } = await testEnvironment();
  const hashing = { HASHING_QUEUE_TIMEOUT: "10m" }; // at the real cost, which takes long on a busy machine
  const service = run({ file: join(__dirname, "index.ts"), environment: { ...environment, ...hashing } });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));

  const statuses = await Promise.all(
    Array.from({ length: 50 }, async (_, number) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/users/signin`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": `203.0.113.${number}` },
        body: JSON.stringify({ email: `user-${number}@example.com`, password: "correct horse" }),
      });
      return response.status;
    }),
  );
  expect(statuses).toEqual(Array(50).fill(400)); // none has an account
  expect(peakMiB(service.pid)).toBeGreaterThan(2 * 128); // two hashes were seen
  expect(peakMiB(service.pid)).toBeLessThan(memoryLimitMiB("more-memory.yaml"));
}, 300_000);
