import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { attempt } from "./processes";

/** What runs, for `npm run status`, `npm run logs` and the tests that kill processes. */
export interface StackFile {
  url: string;
  servers: Record<"mongo" | "redis" | "nats" | "stripe", string>;
  /** By service, where each has a server of its own. */
  databases?: Record<string, string>;
  processes: StackProcess[];
}

export interface StackProcess {
  name: string;
  kind: "service" | "server";
  pid: number;
  url: string;
  log: string;
  restarts: number;
}

/** Where all that should outlive a run is kept. */
export function dataFolderFrom({ EVENTHIVE_DATA }: NodeJS.ProcessEnv): string {
  return resolve(EVENTHIVE_DATA || ".eventhive/data");
}

export function stackFileOf(dataFolder: string): string {
  return join(dataFolder, "stack.json");
}

export function readStackFile(dataFolder: string): StackFile | undefined {
  return attempt(() => JSON.parse(readFileSync(stackFileOf(dataFolder), "utf8")));
}

/** By way of a second file, so that a reader never sees half of it. */
export function writeStackFile(dataFolder: string, stack: StackFile): void {
  const file = stackFileOf(dataFolder);
  writeFileSync(`${file}.new`, `${JSON.stringify(stack, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
