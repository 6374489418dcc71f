import { logger } from "./base/logger";
import { startBridge } from "./service/start-bridge";

// A program: `node bridge.js`. See "Move to JetStream" in docs/operating.md.
startBridge().catch((error: unknown) => {
  logger.fatal({ err: error }, "could not start");
  process.exit(1);
});
