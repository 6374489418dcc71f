import { parseArgs } from "node:util";
import { guards } from "./guards";
import type { Mutant } from "./mutant";
import { type Tests, isRed, runTests } from "./tests";
import { Tree } from "./tree";

// Removes one guard after the other, and reports which tests fail. Arguments select the guards whose names contain all of
// them, and --shard one of equal shares of these: npm run mutants -- index --shard 1/2

const end = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end.abort(new Error(signal)));

const { values, positionals: words } = parseArgs({
  options: { shard: { type: "string", default: "1/1" } },
  allowPositionals: true,
});
const [, shard = NaN, shards = NaN] = (/^(\d+)\/(\d+)$/.exec(values.shard) ?? []).map(Number);
const mutants = guards
  .filter(({ guard }) => words.every((word) => guard.includes(word)))
  .filter((_, index) => index % shards === shard - 1);
const tree = new Tree();

const secondsSince = (start: number) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

/** @returns whether no mutant survived */
async function run(): Promise<boolean> {
  const start = performance.now();
  if (!(shard >= 1 && shard <= shards)) throw new Error(`--shard ${values.shard}: expected, e.g., 1/4`);
  if (mutants.length === 0) throw new Error(`No guard is named with ${words.join(" ")}`);
  for (const mutant of mutants) tree.apply(mutant)(); // checks that all apply before the first run
  const tests = allTests();
  const report = await runTests(tree.folder, tests, end.signal);
  const red = pairs(tests).filter(([file, name]) => isRed(report, file, name));
  if (red.length > 0) throw new Error(`Red without any mutant: ${quoted(red)}`);
  console.log(`${pairs(tests).length} tests are green without a mutant (${secondsSince(start)})`);

  let survivors = 0;
  for (const mutant of mutants) if (await survives(mutant)) survivors += 1;
  console.log(`${mutants.length} mutants, ${survivors || "none"} survived (${secondsSince(start)})`);
  return survivors === 0;
}

async function survives(mutant: Mutant): Promise<boolean> {
  const start = performance.now();
  const restore = tree.apply(mutant);
  const report = await runTests(tree.folder, mutant.red, end.signal);
  restore();
  const green = pairs(mutant.red).filter(([file, name]) => !isRed(report, file, name));
  const verdict = green.length > 0 ? `SURVIVED ${quoted(green)}` : `red: ${quoted(pairs(mutant.red))}`;
  console.log(`${mutant.guard} · ${verdict} (${secondsSince(start)})`);
  return green.length > 0;
}

function allTests(): Tests {
  const all: Tests = {};
  for (const [file, name] of mutants.flatMap(({ red }) => pairs(red))) {
    const names = (all[file] ??= []);
    if (!names.includes(name)) names.push(name);
  }
  return all;
}

function pairs(tests: Tests): [file: string, name: string][] {
  return Object.entries(tests).flatMap(([file, names]) =>
    names.map((name): [string, string] => [file, name]),
  );
}

const quoted = (tests: [string, string][]) => tests.map(([, name]) => `"${name}"`).join(", ");

run()
  .finally(() => tree.remove())
  .then(
    (isGood) => process.exit(isGood ? 0 : 1),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
