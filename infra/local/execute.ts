import { execFile, type ExecFileOptions } from "node:child_process";

/** Resolves with the command's output. Rejects with the last line of its error output. */
export function execute(
  command: string,
  parameters: string[],
  options: ExecFileOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      parameters,
      { env: process.env, ...options, encoding: "utf8", maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (error.code === "ENOENT") reject(new Error(`${command} is not installed`));
        else reject(new Error(stderr.trim().split("\n").at(-1) || error.message));
      },
    );
  });
}

export function succeeds(...command: Parameters<typeof execute>): Promise<boolean> {
  return execute(...command).then(
    () => true,
    () => false,
  );
}

/** A one-line description. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
