import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The part of Jest's configuration that selects test files. */
export interface Selection {
  rootDir: string;
  runTestsByPath: boolean;
  nonFlagArgs: string[];
  testPathPatterns: {
    patterns: string[];
    toExecutor: (options: { rootDir: string }) => { isMatch: (path: string) => boolean };
  };
}

/** The selected test files below these folders. */
export function selectedFiles(roots: string[], selection: Selection): string[] {
  if (selection.runTestsByPath) return selection.nonFlagArgs.map((path) => resolve(path));
  const patterns = selection.testPathPatterns.toExecutor(selection);
  return roots
    .flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)),
    )
    .filter((path) => path.endsWith(".test.ts") && !path.includes("/node_modules/"))
    .filter((path) => patterns.isMatch(path));
}

/** The variables that occur in the files, or in modules of this repository that they import. */
export function variablesIn(files: string[], variables: string[], root: string): Set<string> {
  const mentioned = new Set<string>();
  const read = new Set<string>();
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (read.has(file)) continue;
    read.add(file);
    const source = readFileSync(file, "utf8");
    for (const variable of variables) if (source.includes(variable)) mentioned.add(variable);
    for (const [, name = ""] of source.matchAll(/\b(?:from|import|require)[ (]*"([^"]+)"/g)) {
      const path = name.startsWith(".")
        ? resolve(dirname(file), name)
        : name.startsWith("@eventhive/common") && name.replace("@eventhive/common", join(root, "common/src"));
      const found = path && [path, `${path}.ts`, `${path}.tsx`, join(path, "index.ts")].find(isFile);
      if (found) queue.push(found);
    }
  }
  return mentioned;
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
