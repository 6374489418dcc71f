import { spawn } from "node:child_process";
import { once } from "node:events";
import { root } from "./local/program";

// Runs every part of the tests, though one fails, and ends with a summary of all. Each part prints what it has to say.

const parts = [
  "test:services",
  "test:e2e",
  "test:browser",
  "simulate -- --minutes 1.4",
  "chaos -- --minutes 2",
];

let stopped: NodeJS.Signals | undefined;
let stop: (signal: NodeJS.Signals) => void = () => undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    stopped = signal;
    if (signal === "SIGTERM") stop(signal); // Ctrl-C reaches the part by itself, and twice would mean "at once"
  });

async function run(part: string): Promise<string> {
  const child = spawn("npm", ["run", ...part.split(" ")], { cwd: root, stdio: "inherit" });
  stop = (signal) => void child.kill(signal);
  const [code, signal]: [number | null, NodeJS.Signals | null] = await once(child, "exit").then(
    ([first, second]) => [first, second],
  );
  return code === 0 ? "passed" : `FAILED (${signal ?? `exit ${code}`})`;
}

async function runAll(): Promise<void> {
  const results: { part: string; outcome: string; seconds: number }[] = [];
  for (const part of parts) {
    const startedAt = performance.now();
    const outcome = stopped ? "not run" : await run(part);
    results.push({ part, outcome, seconds: Math.round((performance.now() - startedAt) / 1000) });
  }
  console.log("\nSummary");
  for (const { part, outcome, seconds } of results)
    console.log(`  ${part.padEnd(28)} ${outcome} (${seconds} s)`);
  process.exit(results.every(({ outcome }) => outcome === "passed") ? 0 : 1);
}

void runAll();
