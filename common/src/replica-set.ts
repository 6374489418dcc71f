import { config } from "./database/database";
import { logger } from "./base/logger";
import { ensureReplicaSet } from "./service/replica-set";

// A program: `node replica-set.js`, with the members in `MONGO_URL`. See "High availability" in docs/operating.md.
ensureReplicaSet(config.MONGO_URL).catch((error: unknown) => {
  logger.fatal({ err: error }, "could not set up the replica set");
  process.exitCode = 1;
});
