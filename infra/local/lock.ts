import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { attempt, commandOf, hasVariable, killGroup, startOf } from "./processes";
import { readStackFile, type StackProcess } from "./stack-file";

const graceMs = 35_000;
const pollIntervalMs = 50;
const maxWaitMs = 600_000;

/** The pid of the runner that holds the data folder, if it is running. A process that reuses its pid has a later start time. */
export function holderOf(dataFolder: string): number | undefined {
  const [pid, began] = attempt(() => readFileSync(join(dataFolder, "lock"), "utf8").split(" ", 2)) ?? [];
  return pid && startOf(Number(pid)) === began ? Number(pid) : undefined;
}

/** Locks the data folder, or throws an error that names the owner. Returns a function that releases it. */
export function lock(dataFolder: string): () => void {
  const file = join(dataFolder, "lock");
  const mine = join(dataFolder, `lock.${process.pid}`);
  mkdirSync(dataFolder, { recursive: true });
  if (holderOf(dataFolder) === undefined) rmSync(file, { force: true });
  writeFileSync(mine, `${process.pid} ${startOf(process.pid)}`);
  try {
    linkSync(mine, file); // atomic; fails if another process was faster
  } catch (error) {
    const holder = holderOf(dataFolder);
    if (!holder) throw error;
    throw new Error(
      `${dataFolder} is in use by pid ${holder}. Stop that process, or set EVENTHIVE_DATA=… to run a second copy.`,
    );
  } finally {
    rmSync(mine);
  }
  return () => rmSync(file, { force: true });
}

/** Runs the work while holding the lock of the folder, for which it waits at most ten minutes. */
export async function exclusively<Result>(
  folder: string,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const deadline = performance.now() + maxWaitMs;
  let unlock: (() => void) | undefined;
  while (!unlock) {
    if (performance.now() > deadline) unlock = lock(folder);
    unlock ??= attempt(() => lock(folder));
    if (!unlock) await delay(pollIntervalMs, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    unlock();
  }
}

/** Kills processes left by a killed runner, services first. Returns their names. */
export async function endLeftovers(dataFolder: string): Promise<string[]> {
  // Redis overwrites its environment with its process title, which ends with its port.
  const isLeft = ({ pid, url }: StackProcess) =>
    hasVariable(pid, `EVENTHIVE_STACK=${dataFolder}`) || commandOf(pid)?.includes(`:${new URL(url).port}`);
  const left = readStackFile(dataFolder)?.processes.filter(isLeft) ?? [];
  for (const kind of ["service", "server"]) {
    await Promise.all(left.filter((one) => one.kind === kind).map(end));
  }
  return left.map(({ name }) => name);

  async function end(one: StackProcess): Promise<void> {
    attempt(() => process.kill(one.pid, "SIGTERM"));
    for (let waited = 0; isLeft(one); waited += pollIntervalMs) {
      if (waited > graceMs) killGroup(one.pid);
      await delay(pollIntervalMs);
    }
  }
}
