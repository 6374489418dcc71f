import { execFile } from "node:child_process";
import { fromSource } from "./local/from-source";
import { root } from "./local/program";

/**
 * Runs the simulation in a process of its own, because it replaces clock, randomness and timers.
 * @returns what it prints
 */
export function simulated(...parameters: string[]): Promise<string> {
  const command = [...fromSource, "e2e/simulation/run.ts", ...parameters];
  return new Promise((resolve) =>
    execFile(process.execPath, command, { cwd: root }, (_, stdout, stderr) => resolve(stdout + stderr)),
  );
}
