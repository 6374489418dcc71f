import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const recordIn = (folder: string): string => join(folder, "outgoing");

/** The environment of a process whose requests to anything but this machine are recorded in the folder. */
export const recordOutgoing = (folder: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--require ${JSON.stringify(join(__dirname, "record-outgoing.cjs"))}`,
  OUTGOING_RECORD: recordIn(folder),
});

/** What was asked of others since, a line each: nothing, as no process may need more than network policies allow. */
export const outgoing = (folder: string): string[] =>
  existsSync(recordIn(folder)) ? readFileSync(recordIn(folder), "utf8").trimEnd().split("\n") : [];
