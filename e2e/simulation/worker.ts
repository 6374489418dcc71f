import "./environment";
import { Exploration } from "./explore";
import { startServers } from "./servers";

// A part of the histories, on servers of its own; started by run.ts.

async function work(): Promise<boolean> {
  const [worker = 0, workers = 1, firstSeed = 0, end = 0] = process.argv.slice(2).map(Number);
  const servers = await startServers();
  try {
    const exploration = new Exploration(servers);
    const isWell = await exploration.run({ worker, workers, firstSeed, end });
    process.send?.(exploration.figures);
    return isWell;
  } finally {
    await servers.stop();
  }
}

work().then(
  (isWell) => process.exit(isWell ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
