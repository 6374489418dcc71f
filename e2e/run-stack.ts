import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fromSource } from "../infra/local/from-source";
import { freePort } from "../infra/local/port";
import { heap, serviceCommands } from "../infra/local/programs";
import { type Stack, startStack } from "../infra/local/stack";
import type { Supervisor } from "../infra/local/supervisor";
import { compileCache, controlFile, dataFolder, failpointsFolder } from "./data-folder";
import { recordOutgoing } from "./outgoing";
import { raisedLimits } from "./raised-limits";
import { reservationSeconds } from "./reservation-seconds";

// Runs the stack under test in its own process, so that its gateway does not share a thread with the tests. To keep it
// running between test runs: E2E_DATA=/tmp/stack node infra/bootstrap.mjs e2e/run-stack.ts, and the same E2E_DATA for jest.

const recording = recordOutgoing(dataFolder());
const environment = {
  CHARGE_OUTCOME_TIMEOUT: process.env.CHARGE_OUTCOME_TIMEOUT ?? "10s",
  ...recording,
  EVENTHIVE_DEMO: "no",
  EXPIRATION_SECONDS: process.env.EXPIRATION_SECONDS ?? String(reservationSeconds.short),
  FAILPOINTS_DIR: process.env.FAILPOINTS_DIR ?? failpointsFolder(),
  NODE_COMPILE_CACHE: compileCache, // tests start hundreds of processes from the same files
  ...raisedLimits,
  PASSWORD_COST: "1024",
  STRIPE_TIMEOUT_SECONDS: process.env.STRIPE_TIMEOUT_SECONDS ?? "2",
};

type Action = (supervisor: Supervisor, variables: NodeJS.ProcessEnv) => Promise<void> | void;

const actions: Record<string, Action> = {
  stop: (supervisor) => supervisor.stop(),
  start: (supervisor) => supervisor.start(),
  ready: (supervisor) => supervisor.ready(),
  set,
  version: setVersion,
  ahead: setClock(5000),
  behind: setClock(-5000),
};

/** Sets environment variables for the next start of a program. */
function set({ program }: Supervisor, variables: NodeJS.ProcessEnv): void {
  program.environment = { ...program.environment, ...variables };
}

/** Runs the sources of a service in another folder from its next start on, or, without one, the build in this checkout. */
function setVersion({ program }: Supervisor, { folder }: NodeJS.ProcessEnv): void {
  const service = program.name.replace(/-\d+$/, "");
  const sources = [process.execPath, heap, ...fromSource, `${folder}/${service}/src/index.ts`];
  const command = folder ? sources : (serviceCommands(false)[service] ?? []);
  program.command = () => command;
}

/** Shifts the system time of a service from its next start on. */
function setClock(offsetMs: number): Action {
  const preload = JSON.stringify(join(__dirname, "chaos/wrong-clock.cjs"));
  const wrong = {
    NODE_OPTIONS: `${recording.NODE_OPTIONS} --require ${preload}`,
    CLOCK_OFFSET_MS: String(offsetMs),
  };
  return (supervisor) => set(supervisor, wrong);
}

const cancel = new AbortController();
// "disconnect": the parent process has ended.
for (const end of ["SIGINT", "SIGTERM", "disconnect"]) process.on(end, () => cancel.abort());

async function run(): Promise<void> {
  mkdirSync(failpointsFolder(), { recursive: true });
  console.log("with", environment);
  const stack = await startStack({
    dataFolder: dataFolder(),
    port: await freePort(),
    replicas: Number(process.env.REPLICAS ?? 2),
    environment,
    print: console.log,
    signal: cancel.signal,
  });
  const server = serveControl(stack);
  await once(cancel.signal, "abort");
  rmSync(controlFile());
  server.close();
  await stack.stop();
}

/** The control server of the tests: `POST /nats/stop`, `/orders-1/ready`, `/orders-1/set?EXPIRATION_SECONDS=1`. */
function serveControl(stack: Stack) {
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const [, name = "", action = ""] = pathname.split("/");
    const act = async () => actions[action]?.(stack.process(name), Object.fromEntries(searchParams));
    act().then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("not listening");
    writeFileSync(controlFile(), `http://127.0.0.1:${address.port}`);
    process.send?.("ready");
  });
  return server;
}

run().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
