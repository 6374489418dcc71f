import "./environment";
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { numberFrom } from "../argument";
import { findMongod } from "../../infra/local/servers";
import { type TestCase, scenarioNamed } from "./test-case";
import { Exploration, type Counters } from "./explore";
import { type Fault, faults } from "./round-robin";
import { startServers } from "./servers";
import { basicScenarios, describeScenario, scenarioOf } from "./scenarios";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
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

/** Starts a worker per core, up to four, each with a share of the test cases. */
async function explore(): Promise<boolean> {
  await findMongod();
  const workers = Math.min(4, availableParallelism());
  const firstSeed = Math.floor(Math.random() * 1_000_000);
  const durationMs = numberFrom("minutes", values.minutes) * 60_000;
  const ended = await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      const child = fork(join(__dirname, "worker.ts"), [worker, workers, firstSeed, durationMs].map(String), {
        execArgv: ["--conditions=@eventhive/source", "--import", "tsx"],
      });
      const counters: Counters[] = [];
      child.on("message", (message: Counters) => counters.push(message));
      const [code] = await once(child, "exit");
      return { code, counters };
    }),
  );
  const counters = ended.flatMap((each) => each.counters);
  const sum = (name: keyof Counters) => counters.reduce((total, each) => total + each[name], 0);
  console.log(`${sum("runs")} runs of ${sum("steps")} steps, each checked for I1 to I14:
  ${sum("firstKills")} kills: one at each failpoint of each of ${Object.keys(basicScenarios).length} scenarios
  ${sum("otherFaults")} of ${sum("allOtherFaults")} other single faults: later kills, and holds and timeouts at each read and write
  ${sum("generated")} generated scenarios with several users, from seed ${firstSeed}
In total: ${sum("kills")} kills, ${sum("lostResponses")} lost responses, ${sum("redeliveries")} redeliveries, ${sum("outOfOrder")} events delivered out of order`);
  return ended.every(({ code }) => code === 0);
}

const run = (values.seed ?? values.scenario) ? repeat : explore;
run().then(
  (isOk) => process.exit(isOk ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
