import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, reasonOf, succeeds } from "../infra/local/execute";
import { root } from "../infra/local/program";

/**
 * Creates a virtual environment with the packages of a requirements file, unless there is one.
 * @returns its interpreter
 * @throws with a hint when Python is missing
 */
export async function pythonEnvironment(requirements: string): Promise<string> {
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const folder = join(root, ".eventhive/python", hash.slice(0, 16));
  const python = join(folder, "bin/python");
  const isComplete = join(folder, "complete");
  if (existsSync(isComplete) && (await succeeds(python, ["--version"]))) return python;

  rmSync(folder, { recursive: true, force: true });
  try {
    await execute("python3", ["-c", "import sys; assert sys.version_info >= (3, 11), sys.version"]);
    await execute("python3", ["-m", "venv", folder]);
  } catch (error) {
    throw new Error(
      `Python 3.11 or newer with venv is needed: apt-get install python3-venv, or brew install python (${reasonOf(error)})`,
      { cause: error },
    );
  }
  await execute(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--require-hashes",
    "--requirement",
    requirements,
  ]);
  writeFileSync(isComplete, "");
  return python;
}
