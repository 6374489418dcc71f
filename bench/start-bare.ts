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

/** Starts the bare server on the stack's own database and broker, with what the services have stored by now. */
export async function startBare() {
  const bare = database("bare");
  for (const [copy, [service, collection]] of Object.entries(copies)) {
    const source = database(service).collection(collection);
    await source.aggregate([{ $out: { db: "bare", coll: copy } }]).toArray();
    for (const { key, v: _, ...options } of await source.indexes())
      await bare.collection(copy).createIndex(key as mongo.IndexSpecification, options);
  }
  const { servers } = stackFile();
  const port = await freePort();
  const server = fork(join(__dirname, "bare-server.ts"), {
    execArgv: fromSource,
    env: { ...process.env, PORT: String(port), MONGO_URL: servers.mongo, NATS_URL: servers.nats },
  });
  others.bare = server.pid ?? NaN;
  await Promise.race([
    once(server, "message"),
    once(server, "exit").then(() => Promise.reject(new Error("The bare server did not start"))),
  ]);
  const stop = () => {
    delete others.bare;
    server.disconnect();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
