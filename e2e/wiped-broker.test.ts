import { rmSync } from "node:fs";
import { join } from "node:path";
import type { mongo } from "mongoose";
import { databaseServices } from "../infra/services";
import { type User, bodyOf, newUser } from "./client";
import { brokerFolder, dataFolder } from "./data-folder";
import { readEventLog } from "./event-log";
import { eventually } from "../common/src/testing/eventually";
import { lastingViolations } from "./invariants";
import { useOwnStack } from "./own-stack";
import { orderOf, ticketOnSale } from "./setup";
import { database, run, stackFile, start, stop } from "./stack";
import { stackStores } from "./stack-violations";

// Its own stack: other tests on a shared one would miss the events published before.
useOwnStack({ REPLICAS: "1" });

it("restores every replica with republish when the broker has lost its log", async () => {
  const world = stackStores();
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const edited = await ticketOnSale(seller);
  await orderOf(buyer, await ticketOnSale(seller));
  const bought = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(bought));
  expect(await lastingViolations(world)).toEqual([]);

  await stop("orders-1");
  const undelivered = await bodyOf(seller.sell("Not delivered to any service", 20));
  await bodyOf(seller.edit(edited, { title: "Not delivered either", price: 30 }));
  const { id: signedOut } = await bodyOf(buyer.send<User>("DELETE", "/api/users/sessions"));
  await untilPublished("tickets", "tickets");
  await untilPublished("auth", "users");
  await stop("nats");
  rmSync(join(dataFolder(), brokerFolder()), { recursive: true });
  await database("payments").collection("orders").deleteMany(); // and a new consumer
  await start("nats");
  await start("orders-1");

  const lost = [edited.id, undelivered.id, bought.id, signedOut].map((id) => expect.stringContaining(id));
  expect(await lastingViolations(world, { withinSeconds: 2 })).toEqual(expect.arrayContaining(lost));
  await republishAll();
  expect(await lastingViolations(world)).toEqual([]);
});

const untilPublished = (service: string, collection: string) =>
  eventually(async () => {
    const unpublished = { "outbox.0": { $exists: true } };
    expect(await database(service).collection(collection).countDocuments(unpublished)).toBe(0);
  });

async function republishAll(...selection: string[]): Promise<void> {
  for (const service of databaseServices) await run(service, "republish", ...selection);
}

// Follows "Reset the broker's log" in docs/operating.md.
async function resetLog(...selection: string[]): Promise<void> {
  await stop("nats");
  rmSync(join(dataFolder(), brokerFolder()), { recursive: true });
  await start("nats");
  await republishAll(...selection);
}

/** Replaces the data of orders with the copy, and rebuilds from there. */
async function restoreOrders(copy: mongo.Document[]): Promise<string> {
  await stop("orders-1");
  for (const collection of await database("orders").collections()) await collection.deleteMany();
  if (copy.length > 0) await database("orders").collection("orders").insertMany(copy);
  const output = await run("orders", "rebuild");
  await start("orders-1");
  await republishAll();
  return output;
}

it("rebuilds a database from a reset log without losing data", async () => {
  const world = stackStores();
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const bought = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(bought));
  expect(await lastingViolations(world)).toEqual([]);
  await resetLog();
  expect(await lastingViolations(world)).toEqual([]);
  expect(await restoreOrders([])).toMatch(/^rebuilt [1-9]/m);
  expect(await lastingViolations(world)).toEqual([]);
  expect(await buyer.pay(bought)).toMatchObject({ status: 400, body: { code: "order-paid" } });
});

it("brings a backup up to date from a log that holds only newer events", async () => {
  const world = stackStores();
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const before = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(before));
  const held = await orderOf(buyer, await ticketOnSale(seller));
  expect(await lastingViolations(world)).toEqual([]);

  const since = new Date().toISOString();
  const copy = await database("orders").collection("orders").find().toArray();
  await bodyOf(buyer.pay(held));
  const later = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(later));
  expect(await lastingViolations(world)).toEqual([]);

  await resetLog("--since", since);
  const log = await readEventLog(stackFile().servers.nats);
  await eventually(async () => {
    const published = log.events.map(({ subject }) => subject);
    expect(published).toEqual(expect.arrayContaining([held.id, later.id]));
    expect(published).not.toContain(before.id);
  });
  await log.close();

  expect(await restoreOrders(copy)).toMatch(/^rebuilt [1-9]/m);
  expect(await lastingViolations(world)).toEqual([]);
  for (const order of [before, held, later])
    expect(await buyer.pay(order)).toMatchObject({ status: 400, body: { code: "order-paid" } });
});
