import { join } from "node:path";
import { brokerOf } from "../infra/local/known-servers";
import { root } from "../infra/local/program";

/** The data folder of the stack under test. `start-stack.ts` creates one if `E2E_DATA` is not set. */
export function dataFolder(): string {
  const folder = process.env.E2E_DATA;
  if (!folder) throw new Error("E2E_DATA must name the data folder of the stack under test");
  return folder;
}

/** The name of the folder in it that holds the broker's store. */
export const brokerFolder = (): string => brokerOf(process.env).folder ?? "nats";

/** Contains the address of the control server of `run-stack.ts`. Exists while the stack runs. */
export const controlFile = (): string => join(dataFolder(), "control");

/** Where Node.js keeps compiled code, for all stacks. Files are found by their content and the version of Node.js. */
export const compileCache = join(root, ".eventhive/compile-cache");

/** A file in here, named like a failpoint, kills the first process that reaches it. */
export const failpointsFolder = (): string => join(dataFolder(), "failpoints");
