import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The part of Jest's report that is used here. */
export interface Report {
  testResults: {
    name: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Full names of tests by their files. */
export type Tests = Record<string, string[]>;

/** Runs these tests in a tree as `npm test` does. Rejects when Jest itself fails. */
export async function runTests(folder: string, tests: Tests, signal: AbortSignal): Promise<Report> {
  const outputFile = join(folder, "report.json");
  rmSync(outputFile, { force: true });
  const names = Object.values(tests).flat().map(escaped);
  const parameters = [
    "node_modules/jest/bin/jest.js",
    "--selectProjects",
    "services",
    "infra",
    "--maxWorkers=2",
    "--forceExit", // a mutant may leave handles open
    `--cacheDirectory=${join(folder, "jest-cache")}`,
    "--json",
    `--outputFile=${outputFile}`,
    `--testNamePattern=^(${names.join("|")})$`,
    "--runTestsByPath",
    ...Object.keys(tests),
  ];
  const child = spawn(process.execPath, parameters, {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    signal,
    timeout: 300_000,
  });
  let printed = "";
  child.stderr.on("data", (text) => (printed += text));
  await once(child, "close");
  if (!existsSync(outputFile)) throw new Error(`Jest wrote no report:\n${printed}`);
  return JSON.parse(readFileSync(outputFile, "utf8"));
}

const escaped = (name: string) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** @throws if the test did not run: it does not exist, its file failed to load, or the mutant is not valid code */
export function isRed({ testResults }: Report, file: string, name: string): boolean {
  const ran = testResults.find((result) => result.name.endsWith(`/${file}`));
  const test = ran?.assertionResults.find(({ fullName }) => fullName === name);
  if (test?.status === "passed") return false;
  if (test?.status !== "failed") throw new Error(`"${name}" did not run in ${file}\n${ran?.message ?? ""}`);
  const invalid = test.failureMessages.find((message) => /^(Reference|Syntax)Error/.test(message));
  if (invalid) throw new Error(`"${name}" in ${file} failed because the mutant is invalid:\n${invalid}`);
  return true;
}
