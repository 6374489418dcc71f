import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const recordIn = (folder: string): string => join(folder, "outgoing");

/** The environment of a process whose requests to other machines are recorded in the folder. */
export const recordOutgoing = (folder: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--require ${JSON.stringify(join(__dirname, "record-outgoing.cjs"))}`,
  OUTGOING_RECORD: recordIn(folder),
});

/** The recorded requests to other machines, one line each. There must be none: network policies would block them. */
export const outgoing = (folder: string): string[] =>
  existsSync(recordIn(folder)) ? readFileSync(recordIn(folder), "utf8").trimEnd().split("\n") : [];
