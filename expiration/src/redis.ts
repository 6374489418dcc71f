import { Redis, type RedisOptions } from "ioredis";
import { seconds } from "@eventhive/common";
import { config } from "./config";

/** Retries connecting without limit, also after the connection was lost. Commands wait in the meantime. */
export const redisOptions = {
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  // Otherwise ioredis 5.11 waits for the response to these commands, and counts the connection as ready even if it was
  // closed in the meantime. It then never connects again.
  disableClientInfo: true,
  // A node that disappears resets no connection. Above the 5 s for which Bull lets Redis wait for a job.
  socketTimeout: seconds(15),
  retryStrategy: (attempts: number) => Math.min(attempts * 100, 1000),
} satisfies RedisOptions;

/**
 * The service's own store, for readiness and dead letters; Bull makes connections of its own to the same server.
 * Commands fail when an attempt to connect fails, and when the connection is silent for 5 s: their callers have timed out
 * by then, and the commands of probes would pile up while Redis is unavailable.
 */
export function connectRedis(): Redis {
  const redis = new Redis(config.REDIS_URL, {
    ...redisOptions,
    maxRetriesPerRequest: 0,
    socketTimeout: seconds(5),
  });
  redis.on("error", () => {}); // readiness reports it
  return redis;
}
