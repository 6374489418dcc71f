import { execFileSync, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { attempt, killGroup } from "./processes";

export const root = resolve(__dirname, "../..");

/** The kernel ends our child processes when this process ends, even by kill -9. Where it cannot, the next start does. */
const endWithUs = ["setpriv", "--pdeathsig", "TERM"];
const canEndWithUs = attempt(() =>
  execFileSync("setpriv", ["--pdeathsig", "TERM", "true"], { stdio: "pipe" }),
);

const logTailBytes = 256 * 1024;

export interface Program {
  name: string;
  kind: "service" | "server";
  url: string;
  /** What it prints is appended to this file. */
  log: string;
  /** The command line, given the end of what the last run printed. */
  command: (logTail: string) => string[];
  environment?: NodeJS.ProcessEnv;
  isReady: (printed: () => string) => boolean | Promise<boolean>;
}

export interface Run {
  pid: number | undefined;
  isAlive(): boolean;
  /** How it ended: "exit 1", "SIGKILL", "spawn … ENOENT". */
  ended: Promise<string>;
  /** The end of what this run printed. */
  printed: () => string;
  /** SIGKILL once the grace time is over. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

export function run(program: Program, logTail: string): Run {
  mkdirSync(dirname(program.log), { recursive: true });
  const log = openSync(program.log, "a");
  const begin = fstatSync(log).size;
  const [command = "", ...parameters] = [...(canEndWithUs ? endWithUs : []), ...program.command(logTail)];
  // Its own process group: Ctrl-C reaches the runner alone, which then stops everything in order.
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
      if (child.pid) killGroup(child.pid); // what it may have started itself
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
