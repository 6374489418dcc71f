import { Redis, type RedisOptions } from "ioredis";
import { seconds } from "@eventhive/common";
import { config } from "./config";

/** Retries connecting without limit, also after the connection was lost. Commands wait in the meantime. */
export const redisOptions = {
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  retryStrategy: (attempts: number) => Math.min(attempts * 100, 1000),
} satisfies RedisOptions;

/**
 * The service's own store, for readiness and dead letters; Bull makes connections of its own to the same server.
 * Commands fail with each attempt to connect that fails, and with a connection that is silent for 5 s: nobody waits for
 * them any longer, and the requests of probes would pile up for as long as Redis is unavailable.
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
