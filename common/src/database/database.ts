import mongoose, { type Connection, type mongo } from "mongoose";
import { seconds } from "../base/clock";
import { servers, settings, wholeNumber } from "../base/settings";
import { guardQueries } from "./query-guards";

// Second line of defence after the validation of requests: no value of a filter is treated as an operator or, if it is an
// array, as alternatives.
mongoose.set("sanitizeFilter", true);
mongoose.plugin(guardQueries);
// A required text may be empty, as in the schemas of events. What users may enter is validated by the API.
mongoose.Schema.Types.String.checkRequired((value) => typeof value === "string");

/**
 * Writes are acknowledged when they are in the journals of a majority of the members, and reads return nothing that a
 * failover could roll back.
 */
export const concerns = {
  writeConcern: { w: "majority", journal: true },
  readConcern: { level: "majority" },
} as const;

let isUsed = false;
export const config = settings(
  {
    /** The address of one server, or of the members of a replica set. */
    MONGO_URL: servers(),
    /** The timeout of one operation, including the wait for a connection and retries: less than proxies and users wait. */
    MONGO_TIMEOUT_SECONDS: wholeNumber().default(4),
    /** The timeout for building one index: far longer, because the time grows with the collection. */
    MONGO_INDEX_TIMEOUT_SECONDS: wholeNumber().default(3600),
  },
  () => isUsed,
);

const services = new WeakMap<Connection, string>();

/**
 * A service's own database, not connected yet. Its models belong to it, so that several services fit in one process.
 * @example
 * const database = createDatabase("notes");
 * startService({ name: "notes", store: { database } }); // connects it to MONGO_URL
 */
export function createDatabase(service: string): Connection {
  isUsed = true;
  const database = mongoose.createConnection();
  services.set(database, service);
  return database;
}

/** The service that a database belongs to. */
export function serviceOf(database: Connection): string {
  const service = services.get(database);
  if (!service) throw new Error("Models must be defined on the connection returned by createDatabase()");
  return service;
}

/**
 * Connects once, with `concerns`; keeps itself connected afterwards. An operation is retried on the next primary.
 *
 * Every operation ends within `MONGO_TIMEOUT_SECONDS`, even on a server that keeps its connections open and does
 * not respond. The driver then throws a MongoOperationTimeoutError (`isTransient`), which leaves the outcome of a write
 * unknown: the server may have executed it, or may still execute it.
 * https://www.mongodb.com/docs/drivers/node/current/connect/connection-options/csot/
 */
export async function connectDatabase(database: Connection, mongoUrl = config.MONGO_URL): Promise<void> {
  await database.openUri(mongoUrl, {
    timeoutMS: seconds(config.MONGO_TIMEOUT_SECONDS),
    serverSelectionTimeoutMS: seconds(config.MONGO_TIMEOUT_SECONDS),
    // Also the timeout of the monitor, which then interrupts longer operations, such as an index build.
    connectTimeoutMS: seconds(10),
    // "stream" measures round trips on a connection that the driver does not replace once it has failed. From the last one
    // measured, such as that of a frozen server, it would conclude that no operation can end in time, and fail each.
    serverMonitoringMode: "poll",
    heartbeatFrequencyMS: seconds(1), // a client of a frozen primary finds the next one by polling
    ...concerns,
    retryWrites: true,
    bufferCommands: false,
    autoCreate: false,
    autoIndex: false,
  });
  countElections(database);
}

const elections = new WeakMap<Connection, number>();

/**
 * How often this process has seen another member become the primary. Operations go to a new primary only after it was
 * counted: those between two equal counts went to one primary.
 */
export const electionsOf = (database: Connection): number => elections.get(database) ?? 0;

/** To be called once, when the database is connected. */
export function countElections(database: Connection): void {
  database.getClient().on("serverDescriptionChanged", ({ previousDescription, newDescription }) => {
    if (newDescription.type !== "RSPrimary" || previousDescription.type === "RSPrimary") return;
    elections.set(database, electionsOf(database) + 1);
  });
}

/** @throws when an index cannot be built: without it, a rule would silently not be enforced */
export async function ensureIndexes(database: Connection): Promise<void> {
  const timeoutMS = seconds(config.MONGO_INDEX_TIMEOUT_SECONDS);
  for (const { schema, collection } of Object.values(database.models))
    // By the driver, because mongoose's createIndexes() takes no timeout. Its types are only a little wider.
    for (const [fields, options] of schema.indexes() as [
      mongo.IndexSpecification,
      mongo.CreateIndexesOptions,
    ][])
      await collection.createIndex(fields, { ...options, timeoutMS });
}

const shortTimeout = { timeoutMS: seconds(2) };

/** The server's own clock, in milliseconds since 1970. */
export async function databaseTime(database: Connection): Promise<number> {
  const reply: { localTime?: unknown } =
    (await database.db?.admin().command({ hello: 1 }, shortTimeout)) ?? {};
  if (!(reply.localTime instanceof Date)) throw new Error("The database did not report its time");
  return reply.localTime.getTime();
}

/** The used part of the volume that holds the database, from 0 to 1. */
export async function usedVolume(database: Connection): Promise<number> {
  const stats: { fsUsedSize?: unknown; fsTotalSize?: unknown } =
    (await database.db?.command({ dbStats: 1 }, shortTimeout)) ?? {};
  const used = Number(stats.fsUsedSize) / Number(stats.fsTotalSize);
  if (Number.isNaN(used)) throw new Error("The database did not report the size of its volume");
  return used;
}

/**
 * Any member responds while there is no primary, so that requests wait for the election, or get 503 with `Retry-After`,
 * instead of finding no process that is ready.
 * @throws when the database does not respond
 */
export async function pingDatabase(database: Connection): Promise<void> {
  if (!database.db) throw new Error("not connected yet");
  await database.db.admin().command({ ping: 1 }, { ...shortTimeout, readPreference: "primaryPreferred" });
}
