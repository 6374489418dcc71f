import { parseArgs } from "node:util";
import { type Exploration, explore } from "./explore";
import { type Mutant, mutants } from "./mutants";
import { outcomes } from "./outcomes";
import { allowedTransitions, observeTransitions } from "./transitions";
import { type World, type WorldName, worlds } from "./world";

// Without options: what `npm test` checks. spec/README.md explains the options.

const defaultWorlds: WorldName[] = [
  "oneTab",
  "deliveriesOnly",
  "unreduced",
  "chargesFirst",
  "intentFirst",
  "twoTabsCalm",
  "twoTabsNoFaults",
];

const { values } = parseArgs({
  options: {
    world: { type: "string" },
    mutant: { type: "string" },
    "max-states": { type: "string", default: "3000000" },
    "max-decisions": { type: "string" },
    "max-stored-errors": { type: "string" },
    "max-faults": { type: "string" },
    processing: { type: "boolean" },
  },
});

/** In all worlds: it is part of `npm test`, and 400,000 states take about a minute. */
const maxDefaultStates = 400_000;

const maxStates = Number(values["max-states"]);
const seenTransitions = new Set<string>();
const seenOutcomes = new Set<string>();

/** Before the first state. */
const nothing = { orders: [], payments: [], intents: [] };

function exploreAndObserve(world: World, mutant?: Mutant): Exploration {
  const isIntent = (payment: number) => world.payments[payment]?.flow === "intents";
  return explore(world, {
    mutant,
    maxStates,
    observe: (to, from) => {
      observeTransitions(seenTransitions, from ?? nothing, to, isIntent);
      for (const [name, isReached] of Object.entries(outcomes))
        if (!seenOutcomes.has(name) && isReached(to)) seenOutcomes.add(name);
    },
  });
}

function report(title: string, { states, steps, depth, ends, violation }: Exploration): boolean {
  const figures = `${states} states, ${steps} steps, ${depth} deep, ${ends} ends`;
  console.log(`${violation ? "VIOLATED" : "holds   "} ${title}: ${figures}`);
  if (violation)
    console.log(
      [
        `  ${violation.condition}: ${violation.where}`,
        ...violation.history.map((name) => `    ${name}`),
      ].join("\n"),
    );
  return !violation;
}

/** Every planted mutant must violate its condition; which conditions beside it, does not matter. */
function checkMutants(): boolean {
  let areAllRed = true;
  for (const [name, { violates, world }] of Object.entries(mutants)) {
    const { states, violation } = explore(worlds[world], {
      mutant: name as Mutant, // a key of `mutants`
      maxStates,
      only: [violates],
    });
    const isRed = violation?.condition === violates;
    areAllRed &&= isRed;
    const length = violation?.history.length ?? 0;
    console.log(
      `${isRed ? "red     " : "SURVIVED"} ${name}: "${violates}" after ${states} states, ${length} steps`,
    );
  }
  return areAllRed;
}

function checkCoverage(): boolean {
  const problems = [
    ...[...seenTransitions]
      .filter((name) => !allowedTransitions.has(name))
      .map((name) => `not in transitions.ts: ${name}`),
    ...[...allowedTransitions]
      .filter((name) => !seenTransitions.has(name))
      .map((name) => `never seen: ${name}`),
    ...Object.keys(outcomes).flatMap((name) => (seenOutcomes.has(name) ? [] : [`never reached: ${name}`])),
  ];
  console.log(
    [`${seenTransitions.size} transitions, ${seenOutcomes.size} outcomes`, ...problems].join("\n  "),
  );
  return problems.length === 0;
}

function checkAll(): boolean {
  let allStates = 0;
  const results = defaultWorlds.map((name) => {
    const explored = exploreAndObserve(worlds[name]);
    allStates += explored.states;
    return report(explored.violation ? name : worlds[name].title, explored);
  });
  console.log(`${allStates} states in all (allowed: ${maxDefaultStates})`);
  results.push(checkCoverage(), checkMutants());
  console.log(`${(process.cpuUsage().user / 1e6).toFixed(1)} s of processor time`);
  return results.every(Boolean) && allStates <= maxDefaultStates;
}

function chosen<K extends string>(kind: string, name: string, known: Record<K, unknown>): K {
  const found = (Object.keys(known) as K[]).find((key) => key === name);
  if (!found) throw new Error(`There is no ${kind} ${name}; there are ${Object.keys(known).join(", ")}`);
  return found;
}

function exploreOne(): boolean {
  const mutant = values.mutant === undefined ? undefined : chosen("mutant", values.mutant, mutants);
  const base: World =
    worlds[
      mutant && !values.world ? mutants[mutant].world : chosen("world", values.world ?? "oneTab", worlds)
    ];
  const limit = (name: "max-decisions" | "max-stored-errors" | "max-faults") =>
    values[name] === undefined ? undefined : Number(values[name]);
  const world: World = {
    ...base,
    maxDecisions: limit("max-decisions") ?? base.maxDecisions,
    maxStoredErrors: limit("max-stored-errors") ?? base.maxStoredErrors,
    maxFaults: limit("max-faults") ?? base.maxFaults,
    canProcess: values.processing ?? base.canProcess,
  };
  return report(mutant ? `${world.title}, ${mutant}` : world.title, exploreAndObserve(world, mutant));
}

const isGood = values.world || values.mutant ? exploreOne() : checkAll();
process.exitCode = isGood ? 0 : 1;
