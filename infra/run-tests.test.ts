import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { eventually } from "../common/src/testing/eventually";
import { hasVariable, commandOf, printed } from "./local/processes";
import { root } from "./local/program";

const runTests = ["infra/bootstrap.mjs", "infra/run-tests.ts"];

it("runs every part even if one fails, and ends with what failed and a summary", () => {
  const parameters = [...runTests, "no-such-script", "BROKER=jetstream test:services -- --version"];
  const { status, stdout } = spawnSync(process.execPath, parameters, { cwd: root, encoding: "utf8" });
  expect(stdout).toMatch(
    /The end of the output of no-such-script, which failed:\npackage.json has no script no-such-script .*\n\nSummary\n +no-such-script +FAILED after \d+ s\n +BROKER=jetstream test:services -- --version +passed after \d+ s\n$/,
  );
  expect(status).toBe(1);
});

it("stops its parts on SIGTERM, and leaves no process behind", async () => {
  const run = randomUUID();
  const isOfRun = (pid: number) => hasVariable(pid, `TEST_RUN=${run}`);
  const processes = () => (printed("ps", ["-A", "-o", "pid="]) ?? "").split("\n").map(Number).filter(isOfRun);
  const parts = ["simulate -- --minutes 5", "test:services -- --testPathPatterns common/src"];
  const child = spawn(process.execPath, [...runTests, ...parts], {
    cwd: root,
    env: { ...process.env, TEST_RUN: run },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  const databases = () => processes().filter((pid) => commandOf(pid)?.includes("mongod"));
  await eventually(() => expect(databases().length).toBeGreaterThanOrEqual(parts.length), {
    withinSeconds: 60,
  });

  child.kill("SIGTERM");
  expect(await once(child, "close")).toEqual([1, null]);
  expect(output.match(/FAILED/g)).toHaveLength(parts.length);
  await eventually(() => expect(processes()).toEqual([]));
}, 120_000);
