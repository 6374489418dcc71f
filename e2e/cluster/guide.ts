import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../../infra/local/execute";
import { root } from "../../infra/local/program";

const guide = readFileSync(join(root, "docs/operating.md"), "utf8");

/** The code blocks of the guide between two texts. */
export function commands(from: string, to: string): string[] {
  const start = guide.indexOf(from);
  if (start < 0) throw new Error(`docs/operating.md does not contain "${from}"`);
  const text = guide.slice(start, guide.indexOf(to, start + from.length));
  return [...text.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].map(([, block = ""]) => block);
}

/** Runs a block for several services at once. */
export const runForEach = (services: readonly string[], block: string): Promise<string[]> =>
  Promise.all(services.map((service) => run(block, service)));

/** Runs a block until a command fails, for the given service, and without GitHub. */
export function run(block: string | undefined, service = ""): Promise<string> {
  if (!block) throw new Error("docs/operating.md has no such commands");
  const lines = block.replace(/^ *service=orders.*$/m, "");
  return execute("bash", ["-c", `set -euo pipefail; gh() { :; }; service=${service}\n${lines}`]);
}
