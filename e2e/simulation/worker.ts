import { useFlow } from "./environment";
import { Exploration, type Report } from "./explore";
import { flows } from "./scenarios";
import { startServers } from "./servers";

// Runs a share of the test cases on its own servers. Started by run.ts.

async function work(): Promise<boolean> {
  const [worker = 0, workers = 1, firstSeed = 0, durationMs = 0] = process.argv.slice(2).map(Number);
  const servers = await startServers();
  try {
    const exploration = new Exploration(servers);
    const flow = flows.find((each) => each === process.env.PAYMENT_FLOW) ?? "charges";
    useFlow(flow);
    const isOk = await exploration.run({ flow, worker, workers, firstSeed, durationMs });
    const report: Report = {
      counters: exploration.counters,
      transitions: [...exploration.transitions],
    };
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
