import { rmSync } from "node:fs";
import { join } from "node:path";
import type { mongo } from "mongoose";
import { bodyOf, newUser } from "./client";
import { brokerFolder, dataFolder } from "./data-folder";
import { readEventLog } from "./event-log";
import { eventually } from "../common/src/testing/eventually";
import { lastingViolations } from "./invariants";
import { useOwnStack } from "./own-stack";
import { orderOf, ticketOnSale } from "./setup";
import { database, ledger, run, stackFile, start, stop } from "./stack";

// Its own stack: other tests on a shared one would miss the events published before.
useOwnStack({ REPLICAS: "1" });

it("restores every replica with republish when the broker has lost its log", async () => {
  const tickets = database("tickets");
  const payments = database("payments");
  const world = { tickets, orders: database("orders"), money: { payments, ledger } };
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const edited = await ticketOnSale(seller);
  await orderOf(buyer, await ticketOnSale(seller));
  const bought = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(bought));
  expect(await lastingViolations(world)).toEqual([]);

  await stop("orders-1");
  const undelivered = await bodyOf(seller.sell("Not delivered to any service", 20));
  await bodyOf(seller.edit(edited, { title: "Not delivered either", price: 30 }));
  const unpublished = { "outbox.0": { $exists: true } };
  await eventually(async () =>
    expect(await tickets.collection("tickets").countDocuments(unpublished)).toBe(0),
  );
  await stop("nats");
  rmSync(join(dataFolder(), brokerFolder()), { recursive: true });
  await payments.collection("orders").deleteMany(); // and a new consumer
  await start("nats");
  await start("orders-1");

  const lost = [edited, undelivered, bought].map(({ id }) => expect.stringContaining(id));
  expect(await lastingViolations(world, { withinSeconds: 2 })).toEqual(expect.arrayContaining(lost));
  await Promise.all(["tickets", "orders", "payments"].map((service) => run(service, "republish")));
  expect(await lastingViolations(world)).toEqual([]);
});

// Follows "Reset the broker's log" in docs/operating.md.
async function resetLog(...selection: string[]): Promise<void> {
  await stop("nats");
  rmSync(join(dataFolder(), brokerFolder()), { recursive: true });
  await start("nats");
  for (const service of ["payments", "orders", "tickets"]) await run(service, "republish", ...selection);
}

/** Replaces the data of orders with the copy, and rebuilds from there. */
async function restoreOrders(copy: mongo.Document[]): Promise<string> {
  await stop("orders-1");
  for (const collection of await database("orders").collections()) await collection.deleteMany();
  if (copy.length > 0) await database("orders").collection("orders").insertMany(copy);
  const output = await run("orders", "rebuild");
  await start("orders-1");
  for (const service of ["payments", "orders", "tickets"]) await run(service, "republish");
  return output;
}

it("rebuilds a database from a reset log without losing data", async () => {
  const world = {
    tickets: database("tickets"),
    orders: database("orders"),
    money: { payments: database("payments"), ledger },
  };
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
  const world = {
    tickets: database("tickets"),
    orders: database("orders"),
    money: { payments: database("payments"), ledger },
  };
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
