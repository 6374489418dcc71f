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

/** The tests, started with variables of their own, and what runs because of them. */
function start(parts: string[], environment = {}) {
  const run = randomUUID();
  const isOfRun = (pid: number) => hasVariable(pid, `TEST_RUN=${run}`);
  const processes = () => (printed("ps", ["-A", "-o", "pid="]) ?? "").split("\n").map(Number).filter(isOfRun);
  const child = spawn(process.execPath, [...runTests, ...parts], {
    cwd: root,
    env: { ...process.env, ...environment, TEST_RUN: run },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  return { child, processes, output: () => output, ended: once(child, "close") };
}

it("stops its parts on SIGTERM, and leaves no process behind", async () => {
  const parts = ["simulate -- --minutes 5", "test:services -- --testPathPatterns common/src"];
  const { child, processes, output, ended } = start(parts);
  const databases = () => processes().filter((pid) => commandOf(pid)?.includes("mongod"));
  await eventually(() => expect(databases().length).toBeGreaterThanOrEqual(parts.length), {
    withinSeconds: 60,
  });

  child.kill("SIGTERM");
  expect(await ended).toEqual([1, null]);
  expect(output().match(/FAILED/g)).toHaveLength(parts.length);
  await eventually(() => expect(processes()).toEqual([]));
}, 120_000);

it("ends a part that does not end by itself, and reports it", async () => {
  const { processes, output, ended } = start(["simulate -- --minutes 5"], { PART_MINUTES: "0.05" });
  expect(await ended).toEqual([1, null]);
  expect(output()).toContain("simulate -- --minutes 5 did not end within 0.05 minutes (PART_MINUTES)");
  expect(output()).toMatch(/^ +simulate -- --minutes 5 +FAILED/m);
  await eventually(() => expect(processes()).toEqual([]));
}, 120_000);
