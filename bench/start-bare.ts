import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { mongo } from "mongoose";
import { fromSource } from "../infra/local/from-source";
import { freePort } from "../infra/local/port";
import { database, stackFile } from "../e2e/stack";
import { others } from "./machine";

/** The collections of the bare server, and whose documents and indexes they have. */
export const copies = {
  tickets: ["tickets", "tickets"],
  ticketsOfOrders: ["orders", "tickets"],
  orders: ["orders", "orders"],
  ordersOfTickets: ["tickets", "orders"],
  ordersOfPayments: ["payments", "orders"],
} satisfies Record<string, [service: string, collection: string]>;

/**
 * Starts the bare server behind a gateway of its own, on the stack's own database and broker, with what the services have
 * stored by now.
 */
export async function startBare() {
  const bare = database("bare");
  for (const [copy, [service, collection]] of Object.entries(copies)) {
    const source = database(service).collection(collection);
    await source.aggregate([{ $out: { db: "bare", coll: copy } }]).toArray();
    for (const { key, v: _, ...options } of await source.indexes())
      await bare.collection(copy).createIndex(key as mongo.IndexSpecification, options);
  }
  const { servers } = stackFile();
  const server = await startProgram("bare", "bare-server.ts", {
    MONGO_URL: servers.mongo,
    NATS_URL: servers.nats,
  });
  const gateway = await startProgram("bare gateway", "bare-gateway.ts", { BARE_URL: server.url });
  const stop = () => {
    gateway.stop();
    server.stop();
  };
  return { url: gateway.url, stop };
}

async function startProgram(name: string, file: string, environment: Record<string, string>) {
  const port = await freePort();
  const program = fork(join(__dirname, file), {
    execArgv: fromSource,
    env: { ...process.env, ...environment, PORT: String(port) },
  });
  others[name] = program.pid ?? NaN;
  await Promise.race([
    once(program, "message"),
    once(program, "exit").then(() => Promise.reject(new Error(`The ${name} server did not start`))),
  ]);
  const stop = () => {
    delete others[name];
    program.disconnect();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
