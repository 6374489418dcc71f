import { spawn } from "node:child_process";
import { once } from "node:events";
import { root } from "./local/program";

// Runs all parts of the tests, even when one fails, and ends with a summary. Parts given as parameters, such as
// `npm test -- test:e2e simulate`, replace the default list.

const allParts = [
  "test:services",
  "test:e2e",
  "test:browser",
  "simulate -- --minutes 1.4",
  "chaos -- --minutes 2",
];

let running: ReturnType<typeof spawn> | undefined;
let isStopped = false;
process.on("SIGINT", () => (isStopped = true)); // the terminal sends it to the running part, too
process.on("SIGTERM", () => {
  isStopped = true;
  running?.kill("SIGTERM");
});

async function run(part: string): Promise<string> {
  if (isStopped) return "not run";
  const startedAt = performance.now();
  running = spawn("npm", ["run", ...part.split(" ")], { cwd: root, stdio: "inherit" });
  await once(running, "exit");
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return `${running.exitCode === 0 ? "passed" : "FAILED"} after ${seconds} s`;
}

async function runAll(parts: string[]): Promise<void> {
  const outcomes = new Map<string, string>();
  for (const part of parts) outcomes.set(part, await run(part));
  console.log("\nSummary");
  for (const [part, outcome] of outcomes) console.log(`  ${part.padEnd(28)} ${outcome}`);
  process.exitCode = [...outcomes.values()].every((outcome) => outcome.startsWith("passed")) ? 0 : 1;
}

const given = process.argv.slice(2);
void runAll(given.length > 0 ? given : allParts);
