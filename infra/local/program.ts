import { execFileSync, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { attempt, killGroup } from "./processes";

export const root = resolve(__dirname, "../..");

/** Makes the kernel kill child processes when this process exits, even by SIGKILL. Otherwise, the next start kills them. */
const endWithUs = ["setpriv", "--pdeathsig", "TERM"];
const canEndWithUs = attempt(() =>
  execFileSync("setpriv", ["--pdeathsig", "TERM", "true"], { stdio: "pipe" }),
);

const logTailBytes = 256 * 1024;

export interface Program {
  name: string;
  kind: "service" | "server";
  url: string;
  /** Its output is appended to this file. */
  log: string;
  /** The command line, given the end of the previous run's log. */
  command: (logTail: string) => string[];
  environment?: NodeJS.ProcessEnv;
  isReady: (printed: () => string) => boolean | Promise<boolean>;
}

export interface Run {
  pid: number | undefined;
  isAlive(): boolean;
  /** How it ended: "exit 1", "SIGKILL", "spawn … ENOENT". */
  ended: Promise<string>;
  /** The end of this run's output. */
  printed: () => string;
  /** SIGTERM, then SIGKILL after the grace period. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

export function run(program: Program, logTail: string): Run {
  mkdirSync(dirname(program.log), { recursive: true });
  const log = openSync(program.log, "a");
  const begin = fstatSync(log).size;
  const [command = "", ...parameters] = [...(canEndWithUs ? endWithUs : []), ...program.command(logTail)];
  // Its own process group, so that Ctrl-C reaches only the runner, which then stops everything gracefully.
  const child = spawn(command, parameters, {
    cwd: root,
    env: program.environment,
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);

  let isAlive = child.pid !== undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      isAlive = false;
      if (child.pid) killGroup(child.pid); // its children
      resolve(signal ?? `exit ${code}`);
    });
  });
  return {
    pid: child.pid,
    isAlive: () => isAlive,
    ended,
    printed: () => endOf(program.log, begin),
    async stop(signal, graceMs) {
      if (!isAlive) return;
      child.kill(signal);
      const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(kill);
    },
  };
}

function endOf(path: string, begin: number): string {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  const from = Math.max(begin, size - logTailBytes);
  const buffer = Buffer.alloc(Math.max(size - from, 0));
  readSync(file, buffer, 0, buffer.length, from);
  closeSync(file);
  return buffer.toString();
}
