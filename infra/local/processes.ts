import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The start time of the process, in a platform-specific format. Undefined if there is no such process, or it is a zombie. */
export function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return printed("ps", ["-o", "lstart=", "-p", String(pid)]);
  // The command, in parentheses, may contain spaces and parentheses. The fields after it are state … start (the 22nd).
  const fields = attempt(() =>
    readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" "),
  );
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

export function commandOf(pid: number): string | undefined {
  if (process.platform !== "linux") return printed("ps", ["-o", "command=", "-p", String(pid)]);
  return attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim());
}

/** Its resident memory according to `ps`. */
export function memoryInMiB(pid: number): number | undefined {
  const kibibytes = printed("ps", ["-o", "rss=", "-p", String(pid)]);
  return kibibytes ? Math.round(Number(kibibytes) / 1024) : undefined;
}

/** Whether the process has this variable in its initial environment. */
export function hasVariable(pid: number, variable: string): boolean {
  if (process.platform !== "linux")
    return Boolean(printed("ps", ["eww", "-p", String(pid)])?.includes(` ${variable} `));
  return Boolean(attempt(() => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable)));
}

/** Kills the process and its children. Each of our processes leads its own group. */
export function killGroup(pid: number): void {
  attempt(() => process.kill(-pid, "SIGKILL"));
}

export function printed(command: string, parameters: string[]): string | undefined {
  return attempt(() => execFileSync(command, parameters, { encoding: "utf8", stdio: "pipe" }).trim());
}

/** Returns undefined on errors, because processes may exit or be inaccessible. */
export function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
