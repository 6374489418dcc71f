import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../local/program";

const guide = readFileSync(join(root, "docs/operating.md"), "utf8");

const programs = ["gcloud", "gh", "kubectl", "helm", "skaffold", "cosign", "node", "git", "curl"];

interface Recorded {
  status: number | null;
  stderr: string;
  /** Each is a program and its arguments. */
  calls: string[][];
  /** What was passed to `gh api --input -`. */
  bodies: string[];
}

/** Runs all commands of docs/operating.md, with programs that do nothing but record their calls. */
export function recordGuide(): Recorded {
  const folder = mkdtempSync(join(tmpdir(), "guide-"));
  try {
    // A call ends with an empty argument.
    const record = `printf '%s\\0' "\${0##*/}" "$@" '' >> ${folder}/calls
      case "$*" in *'--input -') { cat; printf '\\0'; } >> ${folder}/bodies ;; esac`;
    for (const name of programs) writeFileSync(join(folder, name), `#!/bin/sh\n${record}\n`, { mode: 0o755 });
    const script = [...guide.matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)]
      .map(([, indent = "", block = ""]) => block.replaceAll(`\n${indent}`, "\n"))
      .join("");
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", `set -u\n${script.replaceAll("/tmp/", `${folder}/`)}`],
      { env: { HOME: folder, PATH: `${folder}:${process.env.PATH}` }, cwd: folder, encoding: "utf8" },
    );
    const recorded = (name: string, end: string) =>
      readFileSync(join(folder, name), "utf8").split(end).slice(0, -1);
    const calls = recorded("calls", "\0\0").map((call) => call.split("\0"));
    return { status, stderr, calls, bodies: recorded("bodies", "\0") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
