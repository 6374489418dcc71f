import type { Express } from "express";
import type { Redis } from "ioredis";
import type { Connection } from "mongoose";
import { type Store, mongoStore, redisStore } from "./store";
import type { Listener } from "../messaging/listener";
import type { Publisher } from "../messaging/publisher";
import type { Watcher } from "../messaging/watcher";
import type { Sweep } from "../base/sweep";

/**
 * The definition of a service: its name, store, routes, listeners, publishers and periodic work.
 * @example
 * const tickets: ServiceDefinition = {
 *   name: "tickets",
 *   store: { database },
 *   commands: { count: async () => logger.info(`${await Ticket.countDocuments()} tickets`) },
 * };
 */
export interface ServiceDefinition {
  name: string;
  /** Its own store: a database with models, or Redis. */
  store: { database: Connection } | { redis: () => Redis };
  app?: Express;
  listeners?: Listener[];
  /** For events that belong to no aggregate. */
  publishers?: Publisher[];
  /** For streams to live pages. */
  watchers?: Watcher[];
  sweeps?: Sweep[];
  /** Set gauges for alerts from stored data, every 10 s. `BacklogUnknown` fires if one fails or takes longer than 2 s. */
  measures?: (() => Promise<void>)[];
  workers?: Worker[];
  /** Commands that `node dist/index.js NAME` runs instead of serving, in addition to `republish`, `rebuild` and `dead-letters`. */
  commands?: Record<string, (args: string[]) => Promise<void>>;
}

/**
 * Additional background work of a service.
 * @example
 * let timer: NodeJS.Timeout;
 * const heartbeat: Worker = {
 *   start: () => void (timer = setInterval(() => logger.info("still running"), minutes(1))),
 *   stop: async () => clearInterval(timer),
 * };
 */
export interface Worker {
  start(): void;
  /** Resolves when the work in flight is done. */
  stop(): Promise<void>;
}

export const storeOf = ({ name, store }: ServiceDefinition): Store =>
  "database" in store ? mongoStore(store.database) : redisStore(store.redis(), name);
