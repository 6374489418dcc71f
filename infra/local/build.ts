import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "./program";

/** Held while the checkout is being built: another build waits. */
export const buildLock = join(root, ".eventhive/build");

/** Compiles incrementally. The compiler prints its own messages. */
export async function build(workspaces: string[], signal?: AbortSignal): Promise<void> {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const child = spawn(process.execPath, [compiler, "-b", ...workspaces], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    signal,
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error("The code does not compile: see above.");
}
