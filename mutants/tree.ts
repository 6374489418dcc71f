import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "../infra/local/program";
import type { Mutant } from "./mutant";

const leftOut = new Set([".eventhive", ".git", ".next", "dist", "node_modules"]);

/**
 * A copy of the checkout to mutate, or the files of a commit. It shares the installed packages, except `@eventhive/*`, which
 * is part of the copy.
 */
export class Tree {
  readonly folder = mkdtempSync(join(tmpdir(), "eventhive-tree-"));

  constructor(commit?: string) {
    if (commit)
      execFileSync("sh", ["-c", 'git archive "$0" | tar --extract --directory "$1"', commit, this.folder], {
        cwd: root,
      });
    else
      cpSync(root, this.folder, {
        recursive: true,
        filter: (path) => path === root || !leftOut.has(basename(path)),
      });
    this.linkAll("node_modules", (name) => name !== "@eventhive");
    this.linkAll("node_modules/@eventhive", () => false);
    for (const name of readdirSync(join(root, "node_modules/@eventhive")))
      symlinkSync(join("../..", name), join(this.folder, "node_modules/@eventhive", name));
    mkdirSync(join(root, ".eventhive/bin"), { recursive: true });
    this.linkAll(".eventhive", (name) => name === "bin"); // servers installed there
  }

  private linkAll(folder: string, isLinked: (name: string) => boolean): void {
    mkdirSync(join(this.folder, folder), { recursive: true });
    for (const name of readdirSync(join(root, folder)).filter(isLinked))
      symlinkSync(join(root, folder, name), join(this.folder, folder, name));
  }

  /** @returns a function that restores the file */
  apply({ guard, file, change }: Pick<Mutant, "guard" | "file" | "change">): () => void {
    const path = join(this.folder, file);
    const original = readFileSync(path, "utf8");
    const replace = (text: string, [from, to]: [string, string]) =>
      replaceOnce(text, from, to, `${guard}: ${file}`);
    writeFileSync(path, Object.entries(change).reduce(replace, original));
    return () => writeFileSync(path, original);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @throws naming `where` unless the text contains `from` exactly once */
export function replaceOnce(text: string, from: string, to: string, where: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${where} must contain this once:\n${from}`);
  return parts.join(to);
}
