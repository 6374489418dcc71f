import {
  type TestCase,
  type TestResult,
  type NamedFault,
  faultsIn,
  firstKills,
  runTestCase,
  scenarioNamed,
} from "./test-case";
import { type Outcomes, addOutcome } from "../outcomes";
import { Random } from "../random";
import type { Servers } from "./servers";
import {
  type Flow,
  basicScenarios,
  describeScenario,
  isCommon,
  sales,
  shrink,
  scenarioOf,
} from "./scenarios";

const zero = {
  runs: 0,
  steps: 0,
  kills: 0,
  redeliveries: 0,
  outOfOrder: 0,
  lostResponses: 0,
  failovers: 0,
  rolledBack: 0,
  firstKills: 0,
  otherFaults: 0,
  allOtherFaults: 0,
  generated: 0,
};
export type Counters = typeof zero;

/** What a worker reports. */
export interface Report {
  flow: Flow;
  counters: Counters;
  /** In how many runs each transition was seen. */
  transitions: [string, number][];
  outcomes: Outcomes;
}

interface Part {
  flow: Flow;
  /** In the scenarios of both flows, kills of other services than payments are left to the workers of the other flow. */
  leavesShared: boolean;
  /** This worker runs every n-th case. */
  worker: number;
  workers: number;
  firstSeed: number;
  durationMs: number;
}

/** Each failpoint is first killed in this many scenarios that reach it. The seed decides in which. */
const scenariosOfFailpoint = 2;

/** Of generated scenarios and other single faults each worker runs at least this many, even after the deadline. */
const minimum = 5;

/** A prime, so that faults far apart are picked first, and each once before any is repeated. */
const stride = 7919;

/** Runs test cases until the deadline, or until one fails: it prints that one, shrunk if possible, and stops. */
export class Exploration {
  readonly counters = { ...zero };
  /** Of the model of payments: in how many runs each was seen. */
  readonly transitions = new Map<string, number>();

  readonly outcomes: Outcomes = {};

  constructor(private readonly servers: Servers) {}

  /** Resolves with whether all cases passed. The first kills run regardless of the deadline. */
  async run({ flow, leavesShared, worker, workers, firstSeed, durationMs }: Part): Promise<boolean> {
    const deadline = performance.now() + durationMs;
    const faults: NamedFault[] = [];
    const scenarios = basicScenarios(flow);
    for (const [name, scenario] of Object.entries(scenarios)) {
      const { simulation, violations } = await this.runCase({ scenario, fault: undefined });
      const isSold = simulation.userContext.acknowledged.some(({ description }) =>
        description.endsWith("is complete"),
      );
      if (sales.has(name) && !isSold) violations.push("The buyer was not told that the order is paid");
      if (violations.length > 0) return fail(`--scenario '${name}'`, violations);
      faults.push(...faultsIn(name, simulation.points));
    }
    const kills = rotated(Object.keys(scenarios), firstSeed).flatMap((name) =>
      firstKills(faults.filter((each) => each.scenario === name)).filter(({ point }) =>
        isCommon(name) ? !leavesShared || point.startsWith("payments.") : isRequestToStripe(point),
      ),
    );
    const first = kills.filter(
      (kill, n) =>
        isRequestToStripe(kill.point) ||
        kills.slice(0, n).filter(({ point }) => point === kill.point).length < scenariosOfFailpoint,
    );
    const isAssigned = (_: unknown, n: number) => n % workers === worker;
    for (const kill of first.filter(isAssigned)) {
      if (!(await this.survives(kill))) return false;
      this.counters.firstKills++;
    }
    const others = inRandomOrder(
      faults.filter((fault) => !first.includes(fault)).filter(isAssigned),
      new Random(firstSeed),
    );
    this.counters.allOtherFaults = others.length;
    const isDue = () => performance.now() < deadline || this.counters.generated < minimum;
    for (let seed = firstSeed + worker; isDue(); seed += workers) {
      if (!(await this.passes(seed))) return false;
      this.counters.generated++;
      const other = others[(firstSeed + this.counters.otherFaults * stride) % others.length];
      if (!other) continue;
      if (!(await this.survives(other))) return false;
      this.counters.otherFaults++;
    }
    return true;
  }

  /**
   * Runs faults of a scenario, and prints each that fails.
   * @param selections as `fail-over@orders.orders`: all of a kind at the suspension points whose names contain this
   */
  async runSelected(name: string, selections: string[]): Promise<boolean> {
    const { simulation } = await this.runCase({ scenario: scenarioNamed(name), fault: undefined });
    const all = faultsIn(name, simulation.points);
    let isOk = true;
    for (const selection of selections) {
      const [kind, place = ""] = selection.split("@");
      const selected = all.filter(({ fault, point }) => fault.kind === kind && point.includes(place));
      let failed = 0;
      for (const each of selected) if (!(await this.survives(each))) failed += 1;
      console.log(`${selection}: ${selected.length} faults, ${failed} with violations`);
      isOk &&= selected.length > 0 && failed === 0;
    }
    return isOk;
  }

  async runCase(testCase: TestCase): Promise<TestResult> {
    const result = await runTestCase(this.servers, testCase);
    const { log, kills, broker, network, replication, monitor, gateway } = result.simulation;
    const faults = [faultOf(testCase), ...[...gateway.faults].map((fault) => `Stripe, ${fault}`)];
    for (const fault of faults) addOutcome(this.outcomes, fault, monitor.ends());
    for (const transition of monitor.transitions)
      this.transitions.set(transition, (this.transitions.get(transition) ?? 0) + 1);
    this.counters.runs++;
    this.counters.steps += log.length;
    this.counters.kills += kills;
    this.counters.redeliveries += broker.redelivered;
    this.counters.outOfOrder += broker.outOfOrder;
    this.counters.lostResponses += network.lostResponses;
    this.counters.failovers += replication.failovers;
    this.counters.rolledBack += replication.rolledBack;
    return result;
  }

  private async survives({ scenario, point, fault }: NamedFault): Promise<boolean> {
    const { violations } = await this.runCase({ scenario: scenarioNamed(scenario), fault });
    if (violations.length === 0) return true;
    return fail(`--scenario '${scenario}' --${fault.kind} ${fault.at}`, [`at ${point}:`, ...violations]);
  }

  private async passes(seed: number): Promise<boolean> {
    const scenario = scenarioOf(seed);
    const { violations } = await this.runCase({ scenario, seed });
    if (violations.length === 0) return true;
    fail(`--seed ${seed}`, [describeScenario(scenario), ...violations]);
    const shortest = await shrink(seed, async (each) => {
      const result = await this.runCase({ scenario: each, seed });
      return result.violations.length > 0;
    });
    return fail(`--seed ${seed} --scenario '${JSON.stringify(shortest)}'`, [
      "Shrunk to:",
      describeScenario(shortest),
    ]);
  }
}

const faultOf = (testCase: TestCase): string =>
  "seed" in testCase ? "generated" : (testCase.fault?.kind ?? "no other fault");

/** So that a short series has some of each kind and scenario. */
function inRandomOrder<Item>(items: Item[], random: Random): Item[] {
  const places = items.map((item) => ({ item, place: random.below(2 ** 32) }));
  return places.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
}

const rotated = <Item>(items: Item[], by: number): Item[] => {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
};

/** The other failpoints of payments are those of every service. */
const isRequestToStripe = (point: string): boolean =>
  point.startsWith("payments.") && !/\.(save|publish|pull|apply|ack)\./.test(point);

function fail(parameters: string, lines: string[]): false {
  console.log(
    [...lines, `To reproduce: npm run simulate -- --flow ${process.env.PAYMENT_FLOW} ${parameters}`, ""].join(
      "\n",
    ),
  );
  return false;
}
