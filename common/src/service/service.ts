import { backoffMs } from "../base/backoff";
import { clock, seconds } from "../base/clock";
import { runCommand } from "./commands";
import type { Store } from "./store";
import { serve } from "../http/serve";
import { logger } from "../base/logger";
import { collectProcessMetrics } from "../base/metrics";
import { Runtime } from "./runtime";
import { config, stopOnSignal } from "./process";
import { type ServiceDefinition, storeOf } from "./service-definition";
import { connectBus } from "../messaging/connect-bus";
import { checkSettings } from "../base/settings";
import { runPeriodically } from "../base/sweep";
import { type UserAccess, accessOf, withAccess } from "./user-access";
import { startTraces, stopTraces } from "./traces";

let take: ((definition: ServiceDefinition) => void) | undefined;

/** For simulations of several services in one process: hands over their definitions instead of running them. */
export function onStartService(handle: typeof take): void {
  take = handle;
}

/**
 * Runs a service until it receives SIGTERM or SIGINT, or one of its commands when one is named. Exits 0 after an
 * orderly stop; 1 when a setting is missing, the port is taken, or the stop takes longer than `SHUTDOWN_TIMEOUT`.
 * @example
 * startService({
 *   name: "tickets",
 *   store: { database },
 *   app,
 *   listeners: [listener("order:created", async ({ id }) => logger.info({ id }, "ordered"))],
 *   sweeps: [runPeriodically(hours(1), async () => logger.info("hourly sweep"))],
 * });
 */
export function startService(given: ServiceDefinition): void {
  const definition = withAccess(given);
  if (take) return take(definition);
  const [command, ...args] = process.argv.slice(2);
  const run = command
    ? runCommand(definition, command, args).then(() => process.exit(0))
    : runService(definition);
  run.catch((error: unknown) => {
    logger.fatal({ err: error, service: definition.name }, command ? `${command} failed` : "could not start");
    process.exit(1);
  });
}

async function runService(definition: ServiceDefinition): Promise<void> {
  checkSettings();
  const { name, app } = definition;
  collectProcessMetrics();
  await startTraces(name);
  const store = storeOf(definition);
  const bus = connectBus(definition.name);
  const runtime = new Runtime(definition, store, bus);
  const measuring = runPeriodically(seconds(10), () => runtime.measure());
  const followClock = runPeriodically(seconds(30), () => clock.follow(store.time));
  let isOpen = false;

  const readiness = async () => {
    const broker = bus.isConnected ? ("connected" as const) : ("unavailable" as const);
    // An unavailable broker does not make a service unready: events wait in the outboxes.
    if (!isOpen) return { waitingFor: store.name, broker };
    return store.ping().then(
      () => ({ broker }),
      () => ({ waitingFor: store.name, broker }),
    );
  };
  const server = await serve(config.PORT, readiness);

  stopOnSignal(async () => {
    // At the same time as the last requests, not after them: both may take long. The broker redelivers the rest to another
    // process.
    const sources = isOpen ? runtime.stopSources() : undefined;
    await Promise.all([server.drain(), sources, followClock.stop(), measuring.stop()]);
    if (isOpen) await runtime.stop();
    await stopTraces();
  });

  measuring.start();
  await untilOpen(store, accessOf(definition));
  followClock.start();
  runtime.start();
  server.open(app);
  isOpen = true;
  measuring.kick(); // now that there is something to be measured
  logger.info({ service: name, port: config.PORT }, "ready");
}

async function untilOpen(store: Store, access?: UserAccess): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      await store.open();
      await clock.follow(store.time);
      return await access?.load();
    } catch (error) {
      logger.warn({ err: error }, `waiting for ${store.name}`);
      await clock.wait(backoffMs(failures, { firstMs: 100, maxMs: seconds(5) }));
    }
  }
}
