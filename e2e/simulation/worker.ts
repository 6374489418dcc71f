import "./environment";
import { Exploration } from "./explore";
import { startServers } from "./servers";

// Runs a share of the test cases on its own servers. Started by run.ts.

async function work(): Promise<boolean> {
  const [worker = 0, workers = 1, firstSeed = 0, durationMs = 0] = process.argv.slice(2).map(Number);
  const servers = await startServers();
  try {
    const exploration = new Exploration(servers);
    const isOk = await exploration.run({ worker, workers, firstSeed, durationMs });
    process.send?.(exploration.counters);
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
