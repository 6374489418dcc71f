import { Redis, type RedisOptions } from "ioredis";
import { config } from "./config";

/** Connects for as long as it takes, and soon again when the connection is lost; commands wait meanwhile. */
export const redisOptions = {
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  retryStrategy: (attempts: number) => Math.min(attempts * 100, 1000),
} satisfies RedisOptions;

/** The service's own store, for readiness and dead letters; Bull makes connections of its own to the same server. */
export function connectRedis(): Redis {
  const redis = new Redis(config.REDIS_URL, redisOptions);
  redis.on("error", () => {}); // readiness tells that Redis is away
  return redis;
}
