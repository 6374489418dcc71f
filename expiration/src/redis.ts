import { Redis } from "ioredis";
import { config } from "./config";

/** Connects for as long as it takes, and again whenever the connection is lost; commands wait meanwhile. */
export function connectRedis(): Redis {
  const redis = new Redis(config.REDIS_URL, { maxRetriesPerRequest: null, enableReadyCheck: false });
  redis.on("error", () => {}); // readiness tells that Redis is away
  return redis;
}
