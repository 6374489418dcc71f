import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../infra/local/port";
import { startOf } from "../infra/local/processes";
import { root } from "../infra/local/program";
import { readStackFile, type StackProcess, stackFileOf } from "../infra/local/stack-file";
import { checkResponses } from "./check-responses";
import { Client, type Credentials, bodyOf } from "./client";
import { eventually } from "../common/src/testing/eventually";

interface Run {
  pid: number;
  printed: () => string;
  hasEnded: () => boolean;
  ended: Promise<{ code: number; printed: string }>;
}

const dataFolder = mkdtempSync(join(tmpdir(), "eventhive-runner-"));
const otherFolder = mkdtempSync(join(tmpdir(), "eventhive-runner-"));
const newcomer = { email: "ann@example.com", password: "correct horse" };
const runs: Run[] = [];
let port: string;
let processes: StackProcess[];

afterAll(async () => {
  for (const { pid, hasEnded } of runs) if (!hasEnded()) process.kill(pid, "SIGTERM");
  await Promise.all(runs.map(({ ended }) => ended));
  for (const folder of [dataFolder, otherFolder]) rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Runs an npm script as the leader of a process group, as a terminal does. */
function npmRun(script: string, environment: NodeJS.ProcessEnv = {}): Run {
  const { FAILPOINTS_DIR, REPLICAS, ...rest } = process.env;
  const child = spawn(process.execPath, ["infra/bootstrap.mjs", `infra/local/${script}.ts`], {
    cwd: root,
    env: { ...rest, EVENTHIVE_DATA: dataFolder, PORT: port, ...environment },
    detached: true,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (printed += text));
  const ended = once(child, "close").then(([code]) => ({ code, printed }));
  const hasEnded = () => child.exitCode !== null;
  const run = { pid: child.pid ?? NaN, printed: () => printed, hasEnded, ended };
  runs.push(run);
  return run;
}

/** Resolves when it has printed that EventHive is ready. */
async function npmStart(): Promise<Run> {
  const run = npmRun("start");
  const ready = eventually(() => expect(run.printed()).toContain("EventHive is ready"), {
    withinSeconds: 80,
  });
  const ended = run.ended.then((how) => expect(how).toBe("still running"));
  await Promise.race([ready, ended]);
  return run;
}

const client = () => new Client(`http://localhost:${port}`);
const refusal = (why: string) => ({ code: 1, printed: expect.stringContaining(why) });

describe("npm start", () => {
  let run: Run;
  let seller: Credentials;

  beforeAll(async () => {
    port = String(await freePort());
    run = await npmStart();
    await checkResponses(`http://localhost:${port}`);
    processes = readStackFile(dataFolder)?.processes ?? [];
  }, 120_000);

  it("prints the address of the pages and the demo accounts", async () => {
    expect(run.printed()).toMatch(new RegExp(`Pages +http://localhost:${port}$`, "m"));
    const [, email = "", password = ""] = /Demo account +(\S+) +(\S+) +sells/.exec(run.printed()) ?? [];
    seller = { email, password };
    await bodyOf(client().signIn(seller));
    await bodyOf(client().signUp(newcomer));
  });

  it("rejects a second start with the same data folder, and names the process that uses it", async () => {
    const again = npmRun("start", { PORT: String(await freePort()) });
    expect(await again.ended).toEqual(refusal(`${dataFolder} is in use by pid ${run.pid}.`));
  });

  it("names the process that uses the port, and the variable to change", async () => {
    const { ended } = npmRun("start", { EVENTHIVE_DATA: otherFolder });
    expect(await ended).toEqual(refusal(`Port ${port} is taken by pid ${run.pid} (`));
    expect((await ended).printed).toContain("Set PORT=");
    expect(await npmRun("doctor").ended).toEqual(refusal(`taken by pid ${run.pid} (`));
  });

  it("shows its processes", async () => {
    const { code, printed } = await npmRun("status").ended;
    expect(code).toBe(0);
    expect(processes).toHaveLength(11);
    for (const { name, pid } of processes)
      expect(printed).toMatch(new RegExp(`^ *${name} +(ready|running) +${pid} +0 `, "m"));
  });

  it("rejects a reset while it runs", async () => {
    expect(await npmRun("reset").ended).toEqual(refusal(`running as pid ${run.pid}.`));
  });

  it("stops every process on Ctrl-C", async () => {
    process.kill(-run.pid, "SIGINT");
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(processes.filter(({ pid }) => startOf(pid))).toEqual([]);
    expect(existsSync(stackFileOf(dataFolder))).toBe(false);
    expect(await npmRun("status").ended).toEqual(refusal("not running"));
  });

  it("keeps the data of the previous run", async () => {
    run = await npmStart();
    await bodyOf(client().signIn(newcomer));
    expect((await bodyOf(client().tickets())).length).toBeGreaterThan(0);
    process.kill(-run.pid, "SIGINT");
    expect(await run.ended).toMatchObject({ code: 0 });
  });

  it("removes all data on reset", async () => {
    expect(await npmRun("reset").ended).toMatchObject({ code: 0 });
    expect(existsSync(dataFolder)).toBe(false);
  });
});
