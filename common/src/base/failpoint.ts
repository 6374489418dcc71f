import { existsSync, unlinkSync } from "node:fs";
import { join } from "node:path";

type FailpointHandler = (name: string) => void | Promise<void>;

let handler: FailpointHandler | undefined = killWhenArmed(process.env.FAILPOINTS_DIR);

/**
 * A named place where a crash matters, such as `orders.save.before`: the service, the step, and before or after it. Does
 * nothing outside of tests. With `FAILPOINTS_DIR` set, a process that reaches a failpoint kills itself if
 * that folder holds a file of the failpoint's name. Removing a file is atomic, so one file kills exactly one process.
 * @example
 * await failpoint("payments.charge.before");
 */
export async function failpoint(name: string): Promise<void> {
  if (handler) await handler(name);
}

/**
 * For tests in one process: `handle` may throw (a crash) or wait (the step is parked); `undefined` turns it off.
 * @example
 * onFailpoint((name) => {
 *   if (name === "payments.charge.before") throw new Error("a crash");
 * });
 * onFailpoint(undefined);
 */
export function onFailpoint(handle: FailpointHandler | undefined): void {
  handler = handle;
}

function killWhenArmed(folder: string | undefined): FailpointHandler | undefined {
  if (!folder) return undefined;
  return (name) => {
    const file = join(folder, name);
    if (!existsSync(file)) return; // an error for each failpoint would be a measurable part of a request
    try {
      unlinkSync(file);
    } catch {
      return; // it killed another process
    }
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => {}); // the signal may take a moment: go no further
  };
}
