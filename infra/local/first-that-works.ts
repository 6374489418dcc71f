import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { reasonOf, succeeds } from "./execute";

export interface Search {
  print?: (line: string) => void;
  signal?: AbortSignal;
}

interface Wanted<Found> {
  title: string;
  /** Descriptions of failed earlier attempts. */
  tried: string[];
  /** In order of preference. */
  ways: [name: string, get: (() => Promise<Found>) | undefined][];
  installHint: string;
}

/** Returns the result of the first method that succeeds. Rejects with a list of all attempts. */
export async function firstThatWorks<Found>(
  wanted: Wanted<Found>,
  { print, signal }: Search,
): Promise<Found> {
  const { title, ways, installHint } = wanted;
  const tried = [...wanted.tried];
  for (const [name, get] of ways) {
    if (!get) continue;
    print?.(`Getting ${title} from ${name}…`);
    try {
      return await get();
    } catch (error) {
      signal?.throwIfAborted();
      tried.push(`${name}: ${reasonOf(error)}`);
    }
  }
  throw new Error([`${title} is needed. Tried:`, ...tried, `To fix it: ${installHint}.`].join("\n  "));
}

/** The first of these programs that exists and prints its version. */
export async function firstThatRuns(paths: string[], version = ["--version"]): Promise<string | undefined> {
  for (const path of paths) if (existsSync(path) && (await succeeds(path, version))) return path;
  return undefined;
}

export const foldersOnPath = (): string[] => process.env.PATH?.split(delimiter) ?? [];
