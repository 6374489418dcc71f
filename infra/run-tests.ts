import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { compileCache } from "../e2e/data-folder";
import { attempt, killGroup, printed } from "./local/processes";
import { root } from "./local/program";

// Runs all parts of the tests, even when one fails, and ends with a summary. Parts given as parameters, such as
// `npm test -- test:e2e simulate`, replace the default list. They may begin with variables, as in a shell.

/** The longest first. Kills are repeated only where neither the broker nor the payments are the default. */
const allParts = [
  "test:e2e",
  "test:browser",
  "test:services",
  "test:infra",
  "test:own-stack",
  "BROKER=jetstream PAYMENT_FLOW=charges test:e2e -- --testPathPatterns e2e/(saga|kills)",
  "BROKER=jetstream test:e2e -- --testPathPatterns e2e/(banning|saga|broker-outage|python)",
  "chaos -- --minutes 2",
  "simulate -- --minutes 1.4",
  "spec",
];

/** One or two parts alone would leave two processors idle while they wait for processes and reservations. */
const maxConcurrentParts = 3;

/** Separate ranges, because the port of a restarting process must stay free. */
const portsOfEach = 1_400;

/** Longer than a graceful stop of a stack takes. */
const stopGraceMs = 40_000;

/** A failed test may leave behind what keeps its process from ending. Over twice what the longest part takes on an idle machine. */
const maxMinutes = Number(process.env.PART_MINUTES ?? 45);

/** A log may keep only its end, which must say what failed. */
const charactersRepeated = 6_000;

const { scripts }: { scripts: Record<string, string> } = require("../package.json");

interface Part {
  name: string;
  /** Its buffered output. */
  output: Buffer[];
  /** The last `charactersRepeated` of all its output. */
  end: string;
  outcome?: { isGood: boolean; seconds: number };
}

const started: Part[] = [];
const groups = new Set<number>();
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    isStopped = true;
    for (const group of groups) attempt(() => process.kill(-group, signal));
  });

async function runAll(names: string[]): Promise<void> {
  const waiting = [...names];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined && !isStopped; name = waiting.shift())
      await run(name);
  };
  await Promise.all(Array.from({ length: maxConcurrentParts }, work));

  for (const { name, end, outcome } of started)
    if (!outcome?.isGood) console.log(`\nThe end of the output of ${name}, which failed:\n${end.trimEnd()}`);
  console.log("\nSummary");
  for (const name of names) {
    const outcome = started.find((part) => part.name === name)?.outcome;
    if (!outcome?.isGood) process.exitCode = 1;
    const result = outcome ? `${outcome.isGood ? "passed" : "FAILED"} after ${outcome.seconds} s` : "not run";
    console.log(`  ${name.padEnd(28)} ${result}`);
  }
}

async function run(name: string): Promise<void> {
  const part: Part = { name, output: [], end: "" };
  started.push(part);
  const startedAt = performance.now();
  const code = await exitCodeOf(part);
  part.outcome = { isGood: code === 0, seconds: Math.round((performance.now() - startedAt) / 1000) };
  showOutput();
}

/** Runs a script of package.json without npm and a shell, which would not pass signals on to all its processes. */
async function exitCodeOf(part: Part): Promise<number | null> {
  const words = part.name.split(/ (?:-- )?/);
  const isVariable = (word: string) => /^[A-Z_]+=/.test(word);
  const variables = Object.fromEntries(words.filter(isVariable).map((word) => word.split("=")));
  const [script = "", ...given] = words.filter((word) => !isVariable(word));
  const [command, ...parameters] = scripts[script]?.split(" ") ?? [];
  if (command !== "node") {
    addOutput(part, Buffer.from(`package.json has no script ${script} that runs Node.js\n`));
    return 1;
  }
  const child = spawn(process.execPath, [...parameters, ...given], {
    cwd: root,
    env: {
      ...process.env,
      ...variables,
      NODE_COMPILE_CACHE: compileCache, // they start hundreds of processes from the same files
      EVENTHIVE_PORTS: `${20_000 + portsOfEach * started.indexOf(part)}+${portsOfEach}`,
      ...(process.stdout.isTTY && { FORCE_COLOR: "1" }),
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // it leads a process group
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (output: Buffer) => addOutput(part, output));
  await once(child, "spawn");
  const group = child.pid ?? NaN;
  groups.add(group);
  let limit = setTimeout(() => {
    addOutput(part, Buffer.from(`${part.name} did not end within ${maxMinutes} minutes (PART_MINUTES)\n`));
    attempt(() => process.kill(-group, "SIGTERM"));
    limit = setTimeout(() => killGroup(group), stopGraceMs);
  }, maxMinutes * 60_000);
  const [code]: (number | null)[] = await once(child, "exit");
  clearTimeout(limit);
  for (let waitedMs = 0; isRunning(group) && waitedMs < stopGraceMs; waitedMs += 200) await delay(200);
  killGroup(group);
  groups.delete(group);
  return code ?? null;
}

function addOutput(part: Part, output: Buffer): void {
  part.output.push(output);
  part.end = (part.end + output.toString()).slice(-charactersRepeated);
  showOutput();
}

/** Whether the group has a process that is not a zombie. */
const isRunning = (group: number): boolean =>
  new RegExp(`^ *${group} +[^Z ]`, "m").test(printed("ps", ["-A", "-o", "pgid=,stat="]) ?? "");

/** Shows the output of parts in the order in which they started, without interleaving. */
function showOutput(): void {
  for (const { output, outcome } of started) {
    for (const piece of output.splice(0)) process.stdout.write(piece);
    if (!outcome) return;
  }
}

const given = process.argv.slice(2);
void runAll(given.length > 0 ? given : allParts);
