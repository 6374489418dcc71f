import { join } from "node:path";

/** The data folder of the stack under test. `start-stack.ts` creates one if `E2E_DATA` is not set. */
export function dataFolder(): string {
  const folder = process.env.E2E_DATA;
  if (!folder) throw new Error("E2E_DATA must name the data folder of the stack under test");
  return folder;
}

/** Contains the address of the control server of `run-stack.ts`. Exists while the stack runs. */
export const controlFile = (): string => join(dataFolder(), "control");

/** A file in here, named like a failpoint, kills the first process that reaches it. */
export const failpointsFolder = (): string => join(dataFolder(), "failpoints");
