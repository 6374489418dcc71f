import { useFlow } from "./environment";
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { numberFrom } from "../argument";
import { fromSource } from "../../infra/local/from-source";
import { outcomeTable } from "../outcomes";
import { findMongod } from "../../infra/local/servers";
import { type TestCase, scenarioNamed } from "./test-case";
import { Exploration, type Counters, type Report } from "./explore";
import { type SimulatedFault, faults } from "./round-robin";
import { startServers } from "./servers";
import { type Flow, basicScenarios, describeScenario, flowNamed, flows, scenarioOf } from "./scenarios";
import { allowedTransitions } from "../../spec/transitions";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    /** How payments are begun: intents, charges or both. */
    flow: { type: "string", default: "both" },
    seed: { type: "string" },
    scenario: { type: "string" },
    kill: { type: "string" },
    hold: { type: "string" },
    "hold-long": { type: "string" },
    "time-out": { type: "string" },
    "time-out-late": { type: "string" },
    "fail-over": { type: "string" },
    "fail-over-late": { type: "string" },
    "fail-over-after": { type: "string" },
    /** Runs all such faults in a scenario: `fail-over@orders.orders`. */
    every: { type: "string", multiple: true, default: [] },
  },
});

/** Runs the test case given by the arguments, and prints its trace. */
async function repeat(): Promise<boolean> {
  useFlow(flowsToRun()[0] ?? "intents");
  const servers = await startServers();
  try {
    const { every, scenario = "" } = values;
    if (every.length > 0) return await new Exploration(servers).runSelected(scenario, every);
    const testCase = testCaseFromArguments();
    const { simulation, violations } = await new Exploration(servers).runCase(testCase);
    console.log([describeScenario(testCase.scenario), "", ...simulation.log, "", ...violations].join("\n"));
    return violations.length === 0;
  } finally {
    await servers.stop();
  }
}

function testCaseFromArguments(): TestCase {
  const { seed, scenario } = values;
  if (seed) {
    const number = numberFrom("seed", seed, { whole: true });
    return { seed: number, scenario: scenario ? JSON.parse(scenario) : scenarioOf(number) };
  }
  const given = faults.flatMap((kind): SimulatedFault[] => {
    const at = values[kind];
    return at === undefined ? [] : [{ kind, at: numberFrom(kind, at, { whole: true }) }];
  });
  return { scenario: scenarioNamed(scenario ?? ""), fault: given[0] };
}

const flowsToRun = (): readonly Flow[] => (values.flow === "both" ? flows : [flowNamed(values.flow)]);

const maxWorkers = 4;

/**
 * Starts up to four workers, each with a share of the test cases of a flow. With both flows there is one per core for each,
 * because the shares of the flows differ, and the core of one that ends early is used by the others.
 */
async function explore(): Promise<boolean> {
  await findMongod();
  const flowsRun = flowsToRun();
  const workersPerFlow = Math.min(maxWorkers / flowsRun.length, availableParallelism());
  const firstSeed = Math.floor(Math.random() * 1_000_000);
  const durationMs = numberFrom("minutes", values.minutes) * 60_000;
  const ended = await Promise.all(
    Array.from({ length: workersPerFlow * flowsRun.length }, async (_, index) => {
      const flow = flowsRun[index % flowsRun.length];
      const leavesShared = flow !== flowsRun[0];
      const worker = Math.floor(index / flowsRun.length);
      const part = [flow, leavesShared, worker, workersPerFlow, firstSeed, durationMs];
      const child = fork(join(__dirname, "worker.ts"), part.map(String), {
        execArgv: fromSource,
      });
      const reports: Report[] = [];
      child.on("message", (message: Report) => reports.push(message));
      const [code] = await once(child, "exit");
      return { code, reports };
    }),
  );
  const reports = ended.flatMap((each) => each.reports);
  const counters = reports.map((each) => each.counters);
  const runsWith = (flow: Flow, transition: string) =>
    reports
      .filter((each) => each.flow === flow)
      .reduce((total, each) => total + (new Map(each.transitions).get(transition) ?? 0), 0);
  const table = [...allowedTransitions].map((transition) => ({
    transition,
    runs: flowsRun.map((flow) => runsWith(flow, transition)),
  }));
  const unseen = table.filter(({ runs }) => runs.every((count) => count === 0));
  const scenarioCount = new Set(flowsRun.flatMap((flow) => Object.keys(basicScenarios(flow)))).size;
  const sum = (name: keyof Counters) => counters.reduce((total, each) => total + each[name], 0);
  console.log(`${sum("runs")} runs of ${sum("steps")} steps, each checked for I1 to I15:
  ${sum("firstKills")} kills: at each failpoint in two scenarios that reach it, and before and after each request to Stripe in all;
    ${scenarioCount} scenarios in total
  ${sum("otherFaults")} of ${sum("allOtherFaults")} other single faults: later kills, and holds and timeouts at each read and write
  ${sum("generated")} generated scenarios with several users, from seed ${firstSeed}
In total: ${sum("kills")} kills, ${sum("lostResponses")} lost responses, ${sum("failovers")} failovers that rolled back ${sum("rolledBack")} writes, ${sum("redeliveries")} redeliveries, ${sum("outOfOrder")} events delivered out of order
Transitions of the model of payments, and the number of runs in which each was seen by ${flowsRun.join(" and ")}:
${table.map(({ transition, runs }) => `  ${transition.padEnd(53)}${runs.map((count) => String(count).padStart(7)).join("")}`).join("\n")}
${outcomeTable(...reports.map(({ outcomes }) => outcomes)).join("\n")}`);
  // The basic scenarios of both flows together show each.
  const isMissing = flowsRun.length > 1 && unseen.length > 0;
  if (isMissing) console.log(`FAILED: not seen: ${unseen.map(({ transition }) => transition).join(", ")}`);
  return !isMissing && ended.every(({ code }) => code === 0);
}

const run = (values.seed ?? values.scenario) ? repeat : explore;
run().then(
  (isOk) => process.exit(isOk ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
