import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../common/src/testing/eventually";
import { startOf } from "./processes";
import type { Program } from "./program";
import { type Death, Supervisor } from "./supervisor";
import { afterwards } from "./testing";
import { temporaryFolder } from "../jest/temporary-folder";

const staysAlive = "console.log('ready'); setInterval(() => {}, 1000);";
const takesItsTime =
  "process.on('SIGTERM', () => console.log('terminating')); process.once('SIGTERM', () => setTimeout(() => process.exit(0), 100));";

it("restarts a program that exits, and reports its exit with the end of its log", async () => {
  const { supervisor, deaths } = supervise(staysAlive);
  await supervisor.ready();
  const first = supervisor.pid;
  supervisor.kill();
  await eventually(() => expect(supervisor.pid).not.toBe(first));
  await supervisor.ready();
  expect(deaths).toEqual([{ name: "orders-1", how: "SIGKILL", logTail: "ready\n", pauseMs: 200 }]);
  expect(supervisor.restarts).toBe(1);
});

it.each([
  ["exit 0", "process.exit(0)"],
  ["exit 1", "process.exit(1)"],
  ["SIGKILL", "process.kill(process.pid, 'SIGKILL')"],
])("records that a program ended with %s after a signal", async (how, end) => {
  const { supervisor } = supervise(`process.on('SIGTERM', () => ${end}); ${staysAlive}`);
  await supervisor.ready();
  const { pid = NaN } = supervisor;
  process.kill(pid, "SIGTERM");
  await eventually(() => expect(supervisor.pid).not.toBe(pid));
  expect(supervisor.lastExit).toBe(how);
});

it("backs off while a program cannot start", async () => {
  const { deaths } = supervise("console.error('PORT is missing'); process.exit(1)");
  await eventually(() => expect(deaths).toHaveLength(3));
  expect(deaths.map(({ pauseMs }) => pauseMs)).toEqual([200, 400, 800]);
  expect(deaths[2]).toMatchObject({ how: "exit 1", logTail: "PORT is missing\n" });
});

it("reports a missing program as exited", async () => {
  const { deaths } = supervise("", { command: () => ["/no/such/program"] });
  await eventually(() => expect(deaths).toHaveLength(1));
  expect(`${deaths[0]?.how} ${deaths[0]?.logTail}`).toMatch(/ENOENT|No such file/);
});

it("passes the end of the previous run's log to the next start", async () => {
  const script = (logTail: string) =>
    logTail.includes("unexpected EOF") ? staysAlive : "console.log('unexpected EOF')";
  const { supervisor } = supervise("", { command: (logTail) => [process.execPath, "-e", script(logTail)] });
  await supervisor.ready();
  expect(supervisor.restarts).toBe(1);
});

it("stops a program gracefully with a single signal, and does not restart it", async () => {
  const { supervisor, deaths, program } = supervise(takesItsTime + staysAlive);
  await supervisor.ready();
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  expect(startOf(supervisor.pid ?? 0)).toBeUndefined();
  expect(readFileSync(program.log, "utf8")).toBe("ready\nterminating\n");
  expect(deaths).toEqual([]);
  supervisor.start();
  await supervisor.ready();
  expect(startOf(supervisor.pid ?? 0)).toBeDefined();
});

it("kills a program and its children if it does not stop within its grace period", async () => {
  const child = "const { pid } = require('child_process').spawn('sleep', ['60']); console.log('child', pid);";
  const { supervisor, program } = supervise(`process.on('SIGTERM', () => {}); ${child} ${staysAlive}`);
  await supervisor.ready();
  const childPid = Number(/child (\d+)/.exec(readFileSync(program.log, "utf8"))?.[1]);
  expect(startOf(childPid)).toBeDefined();
  await supervisor.stop("SIGTERM", 100);
  await eventually(() =>
    expect([startOf(childPid), startOf(supervisor.pid ?? 0)]).toEqual([undefined, undefined]),
  );
});

it("keeps the output of every run in the program's log", async () => {
  const { supervisor, program } = supervise(staysAlive);
  await supervisor.ready();
  await supervisor.stop();
  supervisor.start();
  await supervisor.ready();
  expect(readFileSync(program.log, "utf8")).toBe("ready\nready\n");
});

function supervise(script: string, changes: Partial<Program> = {}) {
  const program: Program = {
    name: "orders-1",
    kind: "service",
    url: "http://127.0.0.1",
    log: join(temporaryFolder("supervisor"), "orders-1.log"),
    command: () => [process.execPath, "-e", script],
    isReady: (printed) => printed().includes("ready"),
    ...changes,
  };
  const deaths: Death[] = [];
  const supervisor = new Supervisor(program, { onDeath: (death) => deaths.push(death) });
  supervisor.start();
  afterwards(() => supervisor.stop("SIGKILL"));
  return { supervisor, deaths, program };
}
