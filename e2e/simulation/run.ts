import { useFlow } from "./environment";
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { numberFrom } from "../argument";
import { findMongod } from "../../infra/local/servers";
import { type TestCase, scenarioNamed } from "./test-case";
import { Exploration, type Counters, type Report } from "./explore";
import { type Fault, faults } from "./round-robin";
import { startServers } from "./servers";
import { type Flow, basicScenarios, describeScenario, flows, scenarioOf } from "./scenarios";
import { allowedTransitions } from "../../spec/transitions";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    /** How payments are begun: charges, intents or both. */
    flow: { type: "string", default: "charges" },
    seed: { type: "string" },
    scenario: { type: "string" },
    kill: { type: "string" },
    hold: { type: "string" },
    "hold-long": { type: "string" },
    "time-out": { type: "string" },
    "time-out-late": { type: "string" },
  },
});

/** Runs the test case given by the arguments, and prints its trace. */
async function repeat(): Promise<boolean> {
  useFlow(flowsToRun()[0] ?? "charges");
  const servers = await startServers();
  try {
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
  const given = faults.flatMap((kind): Fault[] => {
    const at = values[kind];
    return at === undefined ? [] : [{ kind, at: numberFrom(kind, at, { whole: true }) }];
  });
  return { scenario: scenarioNamed(scenario ?? ""), fault: given[0] };
}

function flowsToRun(): readonly Flow[] {
  const { flow } = values;
  const found = flows.filter((each) => flow === "both" || each === flow);
  if (found.length === 0) throw new Error(`--flow must be both, ${flows.join(" or ")}`);
  return found;
}

/** Starts a worker per core, up to four but at least one for each flow of payments, each with a share of the test cases. */
async function explore(): Promise<boolean> {
  await findMongod();
  const flowsRun = flowsToRun();
  const workersPerFlow = Math.max(1, Math.floor(Math.min(4, availableParallelism()) / flowsRun.length));
  const firstSeed = Math.floor(Math.random() * 1_000_000);
  const durationMs = numberFrom("minutes", values.minutes) * 60_000;
  const ended = await Promise.all(
    Array.from({ length: workersPerFlow * flowsRun.length }, async (_, index) => {
      const part = [Math.floor(index / flowsRun.length), workersPerFlow, firstSeed, durationMs];
      const child = fork(join(__dirname, "worker.ts"), part.map(String), {
        execArgv: ["--conditions=@eventhive/source", "--import", "tsx"],
        env: { ...process.env, PAYMENT_FLOW: flowsRun[index % flowsRun.length] },
      });
      const reports: Report[] = [];
      child.on("message", (message: Report) => reports.push(message));
      const [code] = await once(child, "exit");
      return { code, reports };
    }),
  );
  const reports = ended.flatMap((each) => each.reports);
  const counters = reports.map((each) => each.counters);
  const seen = new Set(reports.flatMap((each) => each.transitions));
  // The basic scenarios of both flows together show each.
  const expected = flowsRun.length > 1 ? [...allowedTransitions] : [];
  const unseen = expected.filter((transition) => !seen.has(transition));
  const scenarioCount = new Set(flowsRun.flatMap((flow) => Object.keys(basicScenarios(flow)))).size;
  const sum = (name: keyof Counters) => counters.reduce((total, each) => total + each[name], 0);
  console.log(`${sum("runs")} runs of ${sum("steps")} steps, each checked for I1 to I14:
  ${sum("firstKills")} kills: one at each failpoint of each of ${scenarioCount} scenarios, in those of one flow only of payments
  ${sum("otherFaults")} of ${sum("allOtherFaults")} other single faults: later kills, and holds and timeouts at each read and write
  ${sum("generated")} generated scenarios with several users, from seed ${firstSeed}
In total: ${sum("kills")} kills, ${sum("lostResponses")} lost responses, ${sum("redeliveries")} redeliveries, ${sum("outOfOrder")} events delivered out of order
${seen.size} of the ${allowedTransitions.size} transitions of the model were seen${unseen.length > 0 ? `, not: ${unseen.join(", ")}` : ""}`);
  return unseen.length === 0 && ended.every(({ code }) => code === 0);
}

const run = (values.seed ?? values.scenario) ? repeat : explore;
run().then(
  (isOk) => process.exit(isOk ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
