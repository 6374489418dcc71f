import { join } from "node:path";

/** Where the stack under test keeps everything; `start-stack.ts` sees to it that there is one. */
export function dataFolder(): string {
  const folder = process.env.E2E_DATA;
  if (!folder) throw new Error("E2E_DATA must name the data folder of the stack under test");
  return folder;
}

/** Holds the address at which `run-stack.ts` takes orders; there while the stack runs. */
export const controlFile = (): string => join(dataFolder(), "control");

/** A file in here, named like a failpoint, kills the process that comes to that failpoint first. */
export const failpointsFolder = (): string => join(dataFolder(), "failpoints");
