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

/** A copy of the checkout to break. Packages are the checkout's own, but `@eventhive/*` is the copy. */
export class Tree {
  readonly folder = mkdtempSync(join(tmpdir(), "eventhive-mutants-"));

  constructor() {
    cpSync(root, this.folder, {
      recursive: true,
      filter: (path) => path === root || !leftOut.has(basename(path)),
    });
    this.linkAll("node_modules", (name) => name !== "@eventhive");
    this.linkAll("node_modules/@eventhive", () => false);
    for (const name of readdirSync(join(root, "node_modules/@eventhive")))
      symlinkSync(join("../..", name), join(this.folder, "node_modules/@eventhive", name));
    mkdirSync(join(root, ".eventhive/bin"), { recursive: true });
    this.linkAll(".eventhive", (name) => name === "bin"); // MongoDB and its like, should they be found there
  }

  private linkAll(folder: string, isLinked: (name: string) => boolean): void {
    mkdirSync(join(this.folder, folder), { recursive: true });
    for (const name of readdirSync(join(root, folder)).filter(isLinked))
      symlinkSync(join(root, folder, name), join(this.folder, folder, name));
  }

  /** @returns what puts the file back */
  apply({ guard, file, change }: Mutant): () => void {
    const path = join(this.folder, file);
    const original = readFileSync(path, "utf8");
    writeFileSync(path, Object.entries(change).reduce(replaceOnce, original));
    return () => writeFileSync(path, original);

    function replaceOnce(text: string, [from, to]: [string, string]): string {
      const [before, after, ...more] = text.split(from);
      if (before === undefined || after === undefined || more.length > 0)
        throw new Error(`${guard}: not once in ${file}:\n${from}`);
      return before + to + after;
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
