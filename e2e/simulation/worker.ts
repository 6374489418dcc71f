import { useFlow } from "./environment";
import { Exploration, type Report } from "./explore";
import { flowNamed } from "./scenarios";
import { startServers } from "./servers";

// Runs a share of the test cases on its own servers. Started by run.ts.

async function work(): Promise<boolean> {
  const [flowName, leavesShared, ...numbers] = process.argv.slice(2);
  const [worker = 0, workers = 1, firstSeed = 0, durationMs = 0] = numbers.map(Number);
  const flow = flowNamed(flowName);
  useFlow(flow);
  const servers = await startServers();
  try {
    const exploration = new Exploration(servers);
    const part = { flow, leavesShared: leavesShared === "true", worker, workers, firstSeed, durationMs };
    const isOk = await exploration.run(part);
    const { counters, transitions, outcomes } = exploration;
    const report: Report = { flow, counters, transitions: [...transitions], outcomes };
    process.send?.(report);
    return isOk;
  } finally {
    await servers.stop();
  }
}

work().then(
  (isOk) => process.exit(isOk ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
