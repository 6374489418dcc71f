import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");
const notSources = [".next", "node_modules", "next-env.d.ts", "Dockerfile", "test"];

/**
 * A digest of the contents of all source files of the pages, including the types of `common`: the same in a checkout and in
 * an image.
 */
export function fingerprint(): string {
  const hash = createHash("sha256");
  for (const path of sources()) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest("hex").slice(0, 16);
}

/** Paths of files, all of which are in an image too. */
export const sources = (): string[] => ["client", "common/src", "package-lock.json"].flatMap(filesOf);

function filesOf(path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return /\.(md|test\.ts)$/.test(path) ? [] : [path];
  const names = readdirSync(join(root, path)).filter((name) => !notSources.includes(name));
  return names.toSorted().flatMap((name) => filesOf(`${path}/${name}`));
}
