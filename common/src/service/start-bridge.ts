import { seconds } from "../base/clock";
import { logger } from "../base/logger";
import { collectProcessMetrics, metrics } from "../base/metrics";
import { checkSettings } from "../base/settings";
import { runPeriodically } from "../base/sweep";
import { subjects } from "../contract/events";
import { serve } from "../http/serve";
import { bridge } from "../messaging/bridge";
import { combinedBus } from "../messaging/combined-bus";
import { connectAll } from "../messaging/connect-bus";
import { measureBacklog } from "./measure-backlog";
import { config, stopOnSignal } from "./process";

/**
 * Runs the bridge between NATS Streaming and JetStream until SIGTERM or SIGINT. `undelivered_oldest_event_seconds` shows
 * what it has not copied yet, in either direction. Several processes share the work.
 */
export async function startBridge(): Promise<void> {
  checkSettings();
  collectProcessMetrics();
  const buses = connectAll("bridge");
  const both = combinedBus(...buses);
  const isConnected = () => buses.every((bus) => bus.isConnected);
  const measuring = runPeriodically(seconds(10), async function measureBridge() {
    metrics.storeReady.set(1); // it has no store
    metrics.busConnected.set(isConnected() ? 1 : 0);
    if (!isConnected()) return;
    await measureBacklog(both, subjects);
    metrics.measuredAt.setToCurrentTime();
  });
  const server = await serve(config.PORT, async () => ({
    broker: isConnected() ? "connected" : "unavailable",
  }));
  const bridging = bridge(...buses);
  stopOnSignal(async () => {
    await Promise.all([server.drain(), measuring.stop(), bridging.close()]);
    await both.close();
  });
  server.open(undefined);
  measuring.start();
  logger.info({ service: "bridge", port: config.PORT }, "ready");
}
