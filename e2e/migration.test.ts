import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../common/src/testing/eventually";
import { isReady } from "../infra/local/backends";
import { sharedEnvironment } from "../infra/local/environment";
import { type Server, jetStream, natsStreaming } from "../infra/local/known-servers";
import { freePort } from "../infra/local/port";
import type { Program } from "../infra/local/program";
import { serverProgram } from "../infra/local/servers";
import { Supervisor } from "../infra/local/supervisor";
import { serviceNames } from "../infra/services";
import { lostWrites } from "./chaos/lost-writes";
import { Monitor } from "./chaos/monitor";
import { ResponseLog } from "./chaos/response-log";
import { runUser } from "./chaos/user";
import { checkResponses } from "./check-responses";
import { allDeadLetters } from "./dead-letters";
import { readEventLog } from "./event-log";
import { lastingViolations } from "./invariants";
import { Random } from "./random";
import { takeSnapshot } from "./snapshot";
import { processNamed, restartWith, stackFile } from "./stack";
import { stackSources } from "./stack-violations";
import { startStack } from "./start-stack";
import stopStack from "./stop-stack";

// Follows "Move to JetStream" in docs/operating.md. Its own stack, with both brokers and the bridge beside it.
// Takes minutes, so it runs only if MIGRATION is set.

const userCount = 8;
const seed = Number(process.env.SEED ?? randomInt(1_000_000));

let folder: string;
let passed = false;
let older: Supervisor;
let newer: Supervisor;
let bridge: Supervisor;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "eventhive-migration-"));
  Object.assign(process.env, { E2E_DATA: folder, REPLICAS: "2" });
  const monitorPort = String(await freePort());
  older = await startBroker(natsStreaming, "-m", monitorPort);
  newer = await startBroker(jetStream);
  const brokers = {
    NATS_URL: older.url,
    NATS_MONITOR_URL: `http://127.0.0.1:${monitorPort}`,
    JETSTREAM_URL: newer.url,
  };
  // On a slow machine requests are late, but do not fail.
  await startStack({ ...brokers, BROKER: "nats-streaming", MONGO_TIMEOUT_SECONDS: "15" });
  await checkResponses(stackFile().url);
  bridge = new Supervisor(await bridgeProgram(brokers));
}, 300_000);

afterAll(async () => {
  await stopStack();
  await Promise.all([bridge, older, newer].map((program) => program.stop("SIGKILL")));
  if (passed) rmSync(folder, { recursive: true });
  else process.stdout.write(`FAILED with SEED=${seed}; data and logs are kept in ${folder}\n`);
}, 120_000);

async function startBroker(server: Server, ...flags: string[]): Promise<Supervisor> {
  const program = await serverProgram(server, { dataFolder: folder });
  const broker = new Supervisor({
    ...program,
    log: join(folder, "logs", `${server.title}.log`),
    command: (logTail) => [...program.command(logTail), ...flags],
  });
  broker.start();
  await broker.ready();
  return broker;
}

async function bridgeProgram(brokers: NodeJS.ProcessEnv): Promise<Program> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  return {
    name: "bridge",
    kind: "service",
    url,
    log: join(folder, "logs/bridge.log"),
    command: () => [process.execPath, "common/dist/bridge.js"],
    environment: {
      ...sharedEnvironment(process.env, stackFile(), folder),
      ...brokers,
      LOG_LEVEL: "info",
      PORT: String(port),
      EVENTHIVE_STACK: folder,
    },
    isReady: () => isReady(url),
  };
}

/** Restarts all services, one process of each at a time. */
async function useBrokers(BROKER: string): Promise<void> {
  for (const replica of [1, 2])
    await Promise.all(
      serviceNames.map(async (service) => {
        await restartWith(`${service}-${replica}`, { BROKER });
        await getsRequests(service, replica);
      }),
    );
}

const routes: Record<string, string> = {
  auth: "/api/users/currentuser",
  tickets: "/api/tickets",
  orders: "/api/orders",
  payments: "/api/payments",
};

/** Resolves when the gateway, which probes the processes, has sent a request to this one. */
async function getsRequests(service: string, replica: number): Promise<void> {
  const route = routes[service];
  if (!route) return;
  await eventually(
    async () => {
      await fetch(stackFile().url + route);
      const metrics = await metricsAt(processNamed(`${service}-${replica}`).url);
      expect(metrics).toContain("http_request_duration_seconds_count{");
    },
    { withinSeconds: 30 },
  );
}

const metricsAt = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

const measuredAgainMs = 10_000; // longer than from one measurement to the next
const maxWaitSeconds = 15; // longer than a redelivery takes

/** Resolves when the metrics show that nothing waits in the brokers for the bridge, or for any service. */
async function caughtUp(): Promise<void> {
  const begun = Date.now();
  const services = serviceNames.map((name) => `${name}-1`);
  const urls = [bridge.url, ...services.map((name) => processNamed(name).url)];
  const look = async (url: string) => {
    const metrics = await metricsAt(url);
    const [, measuredAt] = /^backlog_measured_timestamp_seconds ([\d.e+]+)$/m.exec(metrics) ?? [];
    expect(Number(measuredAt) * 1000 - begun).toBeGreaterThan(measuredAgainMs);
    const waits = [...metrics.matchAll(/^undelivered_oldest_event_seconds{.*} ([\d.e-]+)$/gm)];
    expect(waits.filter(([, seconds]) => Number(seconds) > maxWaitSeconds)).toEqual([]);
    expect(waits).not.toEqual([]);
  };
  for (const url of urls) await eventually(() => look(url), { withinSeconds: 240 });
}

/** Kills one of the brokers, or the bridge, every few seconds. Resolves when all run again. */
async function killAtRandom(random: Random, isOver: () => boolean): Promise<number> {
  let kills = 0;
  for (; !isOver(); kills++) {
    await wait(4000 + random.below(6000));
    random.oneOf([older, newer, bridge]).kill();
  }
  return kills;
}

it("moves from NATS Streaming to JetStream and back under load, while both brokers are killed", async () => {
  process.stdout.write(`with SEED=${seed}\n`);
  const [log, monitor] = [new ResponseLog(), new Monitor()];
  let [isOver, isAtRest, isMoved] = [false, false, false];
  const monitoring = monitor.run(() => isAtRest);
  const users = Array.from({ length: userCount }, (_, n) =>
    runUser(log, new Random(seed + 1 + n), () => isOver),
  );
  const tradesGoOn = async () => {
    const count = log.payments.length + 5;
    await eventually(() => expect(log.payments.length).toBeGreaterThan(count), { withinSeconds: 180 });
  };
  await tradesGoOn(); // on NATS Streaming only

  bridge.start();
  await bridge.ready();
  const killing = killAtRandom(new Random(seed), () => isMoved);
  await caughtUp();
  await useBrokers("nats-streaming,jetstream");
  await caughtUp();
  await useBrokers("jetstream,nats-streaming");
  await tradesGoOn();
  // Back to the beginning.
  await useBrokers("nats-streaming,jetstream");
  await caughtUp();
  await useBrokers("nats-streaming");
  await tradesGoOn();
  await useBrokers("nats-streaming,jetstream");
  await useBrokers("jetstream,nats-streaming");
  await caughtUp();
  await useBrokers("jetstream");
  await tradesGoOn();
  // Back by one step.
  await useBrokers("jetstream,nats-streaming");
  await caughtUp();
  await useBrokers("jetstream");
  await caughtUp();
  isMoved = true;
  const kills = await killing;
  await bridge.stop();
  await older.stop();
  await newer.ready();
  await tradesGoOn(); // on JetStream only
  isOver = true;
  await Promise.all(users);

  const all = await readEventLog(newer.url, jetStream);
  const sources = stackSources(() => all.events);
  expect(await lastingViolations(sources, { withinSeconds: 60 })).toEqual([]);
  const snapshot = await takeSnapshot(sources);
  isAtRest = true;
  await monitoring;
  await all.close();
  expect([...monitor.violations]).toEqual([]);
  expect(await lostWrites(log, snapshot)).toEqual([]);
  expect(await allDeadLetters()).toEqual([]);
  expect(log.statuses.filter((status) => /^(5|none)/.test(status))).toEqual([]);
  passed = true;
  process.stdout.write(`${kills} kills; acknowledged: ${log.summary()}\n`);
}, 1_500_000);
