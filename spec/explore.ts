import { addDeliveries } from "./bus";
import { type Conditions, endConditions, invariants, violated } from "./invariants";
import type { Mutant } from "./mutants";
import { addOrderSteps } from "./orders";
import { addPaymentSteps } from "./payments";
import { reduce } from "./reduce";
import { type State, initialState, keyOf } from "./state";
import { type Step, Steps } from "./step";
import { addStripeSteps } from "./stripe";
import type { World } from "./world";

/** What an exploration may end with besides a violated condition. */
export type Failure = "endless" | "too many states";

export interface Exploration {
  states: number;
  steps: number;
  /** Of the longest shortest history. */
  depth: number;
  /** States in which nothing more has to happen. */
  ends: number;
  /** Undefined when everything holds. */
  violation?: { condition: string; where: string; history: string[] };
}

interface Options {
  mutant?: Mutant | undefined;
  maxStates?: number;
  /** Conditions to check; all by default. */
  only?: readonly string[] | undefined;
  /** Called for every step, and for the initial state. */
  observe?: (to: State, from?: State) => void;
}

export function stepsFrom(state: State, world: World, mutant?: Mutant): Step[] {
  const steps = new Steps(state, world, mutant, world.reduced ? reduce : () => undefined);
  addOrderSteps(steps);
  addPaymentSteps(steps);
  addStripeSteps(steps);
  addDeliveries(steps);
  return steps.found;
}

/** Explores every state that can be reached, breadth first, so that a violation comes with a shortest history. */
export function explore(
  world: World,
  { mutant, maxStates = 3_000_000, observe, only }: Options = {},
): Exploration {
  const always = selected(invariants, only);
  const atEnd = selected(endConditions, only);
  const start = initialState(world.orders, world.payments.length, world.maxStoredErrors + 1);
  observe?.(start);
  const numbers = new Map([[keyOf(start), 0]]);
  const parents = [-1];
  const names = [""];
  const fairSteps: Int32Array[] = [];
  let frontier: [number, State][] = [[0, start]];
  const found: Exploration = { states: 1, steps: 0, depth: 0, ends: 0 };

  const historyTo = (number: number): string[] => {
    const history: string[] = [];
    for (let n = number; n > 0; n = parents[n] ?? 0) history.unshift(names[n] ?? "");
    return history;
  };
  const failed = (condition: string, where: string, history: string[]): Exploration => ({
    ...found,
    states: numbers.size,
    violation: { condition, where, history },
  });

  while (frontier.length > 0) {
    const next: [number, State][] = [];
    for (const [number, state] of frontier) {
      const fair: number[] = [];
      for (const { name, isFair, to } of stepsFrom(state, world, mutant)) {
        found.steps += 1;
        observe?.(to, state);
        const broken = violated(always, to, world, state);
        if (broken) return failed(broken.condition, broken.where, [...historyTo(number), name]);
        const key = keyOf(to);
        let target = numbers.get(key);
        if (target === undefined) {
          target = numbers.size;
          numbers.set(key, target);
          parents.push(number);
          names.push(name);
          next.push([target, to]);
        }
        if (isFair && target !== number) fair.push(target);
      }
      fairSteps[number] = Int32Array.from(fair);
      if (fair.length > 0) continue;
      found.ends += 1;
      const unmet = violated(atEnd, state, world);
      if (unmet) return failed(unmet.condition, unmet.where, historyTo(number));
    }
    if (numbers.size > maxStates) return failed("too many states", `more than ${maxStates}`, []);
    found.depth += next.length > 0 ? 1 : 0;
    frontier = next;
  }
  found.states = numbers.size;
  // Every end is good. If fair steps cannot repeat forever, every history in which they happen reaches an end.
  const endless = stateOnACycle(fairSteps);
  return endless === undefined
    ? found
    : failed("endless", "fair steps can repeat forever", historyTo(endless));
}

const selected = (conditions: Conditions, only?: readonly string[]): Conditions =>
  only ? Object.fromEntries(Object.entries(conditions).filter(([name]) => only.includes(name))) : conditions;

/** Removes the states without a way in until none is left (Kahn); what remains is on or behind a cycle. */
function stateOnACycle(fairSteps: Int32Array[]): number | undefined {
  const waysIn = new Int32Array(fairSteps.length);
  const count = (target: number, change: number) => (waysIn[target] = (waysIn[target] ?? 0) + change);
  for (const targets of fairSteps) for (const target of targets) count(target, 1);
  const free = [...waysIn.keys()].filter((number) => waysIn[number] === 0);
  let removed = 0;
  for (let number = free.pop(); number !== undefined; number = free.pop()) {
    removed += 1;
    for (const target of fairSteps[number] ?? []) if (count(target, -1) === 0) free.push(target);
  }
  return removed === fairSteps.length ? undefined : waysIn.findIndex((ways) => ways > 0);
}
