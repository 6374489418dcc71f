import { isWrite } from "./database-operations";
import { fuzz } from "./fuzz";
import { type SimulatedFault, failovers, quiesce, runToCompletion, runWithFault } from "./round-robin";
import { Simulation } from "./simulation";
import { violationsOf } from "./violations";
import { Random } from "../random";
import { seedRandomness } from "./seed-randomness";
import type { Servers } from "./servers";
import { type Scenario, basicScenarios, flows } from "./scenarios";

/** Deterministic: the same case always produces the same run. */
export type TestCase = { scenario: Scenario } & ({ seed: number } | { fault: SimulatedFault | undefined });

export interface TestResult {
  simulation: Simulation;
  violations: string[];
}

/** Runs it from empty databases until the system is quiescent, then checks all invariants. */
export async function runTestCase(servers: Servers, testCase: TestCase): Promise<TestResult> {
  seedRandomness(new Random("seed" in testCase ? testCase.seed : 0));
  const simulation = new Simulation(servers.url, testCase.scenario);
  servers.attach(simulation);
  await simulation.begin();
  try {
    if ("seed" in testCase) await fuzz(simulation, new Random(testCase.seed));
    else if (testCase.fault) await runWithFault(testCase.fault, simulation);
    else await runToCompletion(simulation);
    await quiesce(simulation);
    return { simulation, violations: await violationsOf(simulation) };
  } catch (error) {
    return {
      simulation,
      violations: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    };
  } finally {
    simulation.end();
  }
}

export interface NamedFault {
  scenario: string;
  point: string;
  fault: SimulatedFault;
}

/** Failpoint names have three parts. Names of database operations have four. */
const isFailpoint = (point: string) => /^\w+\.\w+\.\w+$/.test(point);

const isBeforeOperation = (point: string) => /^\w+\.\w+\.\w+\.before$/.test(point);

const isBeforeWrite = (point: string) => isBeforeOperation(point) && isWrite(point.split(".")[2] ?? "");

/**
 * All single faults of a basic scenario: a kill at each failpoint hit, a hold at each suspension point, a timeout of
 * each database operation, and each kind of failover at each write.
 */
export function faultsIn(scenario: string, points: string[]): NamedFault[] {
  const all = (kind: SimulatedFault["kind"], applies: (point: string) => boolean) =>
    points.flatMap((point, at) => (applies(point) ? [{ scenario, point, fault: { at, kind } }] : []));
  return [
    ...all("kill", isFailpoint),
    ...failovers.flatMap((kind) => all(kind, isBeforeWrite)),
    ...all("time-out", isBeforeOperation),
    ...all("time-out-late", isBeforeOperation),
    ...all("hold", () => true),
    ...all("hold-long", () => true),
  ];
}

/** One kill per failpoint. */
export const firstKills = (faults: NamedFault[]): NamedFault[] =>
  faults.filter(
    ({ point, fault }, n) =>
      fault.kind === "kill" &&
      faults.findIndex((each) => each.fault.kind === "kill" && each.point === point) === n,
  );

export const scenarioNamed = (name: string): Scenario => {
  const all = Object.assign({}, ...flows.map(basicScenarios)) as Record<string, Scenario>;
  const scenario = all[name];
  if (!scenario) throw new Error(`There is no scenario "${name}": ${Object.keys(all).join(", ")}`);
  return scenario;
};
