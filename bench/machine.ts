import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { stackFile } from "../e2e/stack";

export type PerProcess = Record<string, number>;

/** Linux counts CPU time in hundredths of a second. */
const msPerTick = 10;

/** Processes outside of the stack that are measured with it, by name. */
export const others: Record<string, number> = {};

/** Process ids by name. The stack's runner, which started the others, is also the gateway. */
function pids(): Record<string, number> {
  const processes = stackFile().processes.map(({ name, pid }) => [name.replace(/-1$/, ""), pid] as const);
  const [, anyPid] = processes[0] ?? ["", 0];
  return { gateway: Number(statOf(anyPid)[1]), ...Object.fromEntries(processes), ...others };
}

/** The fields of /proc/PID/stat after the command: state, parent, … */
function statOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
}

/** User and system time of all threads since each process began. */
export function cpuMs(): PerProcess {
  return perProcess((pid) => {
    const [user, system] = statOf(pid).slice(11, 13);
    return (Number(user) + Number(system)) * msPerTick;
  });
}

/** Proportional set size: a page that several processes share counts once in the sum. */
export function memoryMiB(): PerProcess {
  return perProcess((pid) => {
    const [, kibibytes] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
    return Number(kibibytes) / 1024;
  });
}

const perProcess = (read: (pid: number) => number): PerProcess =>
  Object.fromEntries(Object.entries(pids()).map(([name, pid]) => [name, read(pid)]));

/** Without the sandbox, which represents Stripe's servers. */
export const sumOf = ({ stripe: _, ...ours }: PerProcess): number =>
  Object.values(ours).reduce((sum, value) => sum + value, 0);

const restMs = 10_000;
let atRest: Used = { cpu: {}, elapsedMs: restMs };

/** Measures what the processes use for probes, sweeps and heartbeats. `untilIdle` and `cpuPerUnit` compare with it. */
export async function measureRest(): Promise<void> {
  atRest = await cpuDuring(() => pause(restMs));
}

const windowMs = 300;
const idleShare = 0.1;
const idleWindows = 2;
const maxWaitMs = 60_000;

/** Resolves when the processes have nothing left to do: together they use less than a tenth of a core more than at rest. */
export async function untilIdle(): Promise<void> {
  const limit = sumOf(atRest.cpu) / atRest.elapsedMs + idleShare;
  const end = performance.now() + maxWaitMs;
  for (let idle = 0; idle < idleWindows;) {
    const { cpu, elapsedMs } = await cpuDuring(() => pause(windowMs));
    const share = sumOf(cpu) / elapsedMs;
    idle = share < limit ? idle + 1 : 0;
    if (idle === 0 && performance.now() > end) throw new Error(busyMessage(share, limit));
  }
}

const busyMessage = (share: number, limit: number): string =>
  `After ${maxWaitMs / 1000} s, the stack still uses ${share.toFixed(2)} cores; idle means less than ${limit.toFixed(2)}`;

export interface Used {
  cpu: PerProcess;
  elapsedMs: number;
}

/** CPU time that `work` and what follows from it cause, for one of `count` units, less what is used at rest. */
export async function cpuPerUnit(count: number, work: () => Promise<unknown>): Promise<PerProcess> {
  await untilIdle();
  const { cpu, elapsedMs } = await cpuDuring(async () => {
    await work();
    await untilIdle();
  });
  const restShare = elapsedMs / atRest.elapsedMs;
  const perUnit = (name: string, ms: number) => (ms - (atRest.cpu[name] ?? 0) * restShare) / count;
  return Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, perUnit(name, ms)]));
}

export async function cpuDuring(work: () => Promise<unknown>): Promise<Used> {
  const [before, startedAt] = [cpuMs(), performance.now()];
  await work();
  const elapsedMs = performance.now() - startedAt;
  const cpu = Object.fromEntries(
    Object.entries(cpuMs()).map(([name, ms]) => [name, ms - (before[name] ?? 0)]),
  );
  return { cpu, elapsedMs };
}

/** The machine, the commit and the Node.js that the figures belong to. */
export function machine() {
  const git = (...words: string[]) => execFileSync("git", words, { encoding: "utf8" }).trim();
  return {
    commit: git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--", "*.ts") && ", changed"),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    "load average at the start": loadavg()[0]?.toFixed(1),
  };
}
