import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { attempt } from "./processes";

/** The running processes, for `npm run status`, `npm run logs` and tests that kill processes. */
export interface StackFile {
  url: string;
  servers: Record<"mongo" | "redis" | "nats" | "stripe", string> & {
    /** Of the local mailbox, if email is sent to it. */
    smtp?: string;
  };
  /** By service, if each has its own server. */
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
  /** How its previous run ended, such as "exit 0" or "SIGKILL". */
  lastExit?: string;
}

/** The folder for data that outlives a run. */
export function dataFolderFrom({ EVENTHIVE_DATA }: NodeJS.ProcessEnv): string {
  return resolve(EVENTHIVE_DATA || ".eventhive/data");
}

export function stackFileOf(dataFolder: string): string {
  return join(dataFolder, "stack.json");
}

export function readStackFile(dataFolder: string): StackFile | undefined {
  return attempt(() => JSON.parse(readFileSync(stackFileOf(dataFolder), "utf8")));
}

/** Written to a temporary file and renamed, so that readers never see a partial file. */
export function writeStackFile(dataFolder: string, stack: StackFile): void {
  const file = stackFileOf(dataFolder);
  writeFileSync(`${file}.new`, `${JSON.stringify(stack, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
