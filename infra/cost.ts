import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clock } from "@eventhive/common";
import { MemoryBroker, eventBytes, newId, newIds, signedIn } from "@eventhive/common/testing";
import type { Express } from "express";
import type { mongo } from "mongoose";
import request from "supertest";
import { traffic } from "../common/src/contract/asyncapi";
import { connectDatabase } from "../common/src/database/database";
import { aggregatesOf } from "../common/src/database/aggregate";
import { Runtime } from "../common/src/service/runtime";
import { mongoStore } from "../common/src/service/store";
import { setUpSandbox } from "../payments/test/fixtures";
import { definitions } from "../e2e/simulation/definitions";
import "../auth/src/index";
import "../tickets/src/index";
import "../orders/src/index";
import "../payments/src/index";
import { root } from "./local/program";

const columns = ["reads", "journaled writes", "other writes", "published", "delivered"] as const;
type Counts = Record<(typeof columns)[number], number>;

const readCommands = new Set(["find", "aggregate", "count", "distinct", "getMore"]);
const writeCommands = new Set(["insert", "update", "delete", "findAndModify", "bulkWrite"]);

const stores = definitions.map(({ name, store }) => {
  if (!("database" in store)) throw new Error(`${name} has no database`);
  return store;
});
const broker = new MemoryBroker();
const runtimes: Runtime[] = [];
let counts: Record<string, Counts> = {};
let seen = 0;

/** Runs auth, tickets, orders and payments in the process of a test file, and counts what they do. */
export function setUpCost({ flow }: { flow: "charges" | "intents" }): void {
  setUpSandbox({ flow });
  beforeAll(start);
  afterAll(stop);
}

/** A wait that news can end is ended by nothing else, so what a payment costs does not depend on how long it takes. */
const wait = (milliseconds: number, wakeUp?: Promise<void>): Promise<void> =>
  wakeUp ?? new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Nothing grows so old that a sweep of the relay publishes it. */
export const setTime = (now: number): void => clock.use(() => now, wait);

async function start(): Promise<void> {
  setTime(clock.now());
  for (const { name, store, ...definition } of definitions) {
    if (!("database" in store)) continue;
    const { database } = store;
    const url = `${process.env.TEST_MONGO_URL}/budget-${name}-${newId()}?monitorCommands=true`;
    await connectDatabase(database, url);
    database
      .getClient()
      .on("commandStarted", ({ command, commandName }) => count(name, commandName, command));
    const opened = mongoStore(database);
    await opened.open();
    const runtime = new Runtime({ ...definition, name, store, sweeps: [] }, opened, broker.connect(name));
    runtime.start();
    runtimes.push(runtime);
  }
}

async function stop(): Promise<void> {
  clock.use();
  for (const { database } of stores) await database.dropDatabase();
  for (const runtime of runtimes) await runtime.stop();
}

const countsOf = (service: string): Counts =>
  (counts[service] ??= {
    reads: 0,
    "journaled writes": 0,
    "other writes": 0,
    published: 0,
    delivered: 0,
  });

function count(service: string, name: string, command: mongo.BSON.Document): void {
  if (JSON.stringify(command.filter ?? {}).includes("outbox.0")) return; // the relay's sweep
  if (readCommands.has(name)) countsOf(service).reads++;
  if (!writeCommands.has(name)) return;
  countsOf(service)[command.writeConcern?.j ? "journaled writes" : "other writes"]++;
}

/** What `work` costs, with all that follows from it. */
export async function costOf(work: () => PromiseLike<unknown>): Promise<typeof counts> {
  await quiet();
  counts = {};
  seen = broker.published().length;
  await work();
  await quiet();
  for (const { subject } of broker.published().slice(seen)) {
    const { from, to } = traffic[subject];
    countsOf(from).published++;
    for (const service of to) countsOf(service).delivered++;
  }
  return counts;
}

/** Resolves when nothing is on its way: in no outbox, in no delivery, and nothing has happened since the last look. */
export async function quiet(): Promise<void> {
  for (let before = ""; ;) {
    await broker.idle();
    const now = JSON.stringify([counts, broker.published().length]);
    if (now === before && !(await isAnyUnpublished())) return;
    before = now;
  }
}

async function isAnyUnpublished(): Promise<boolean> {
  for (const { database } of stores)
    for (const { collection } of aggregatesOf(database))
      if (await collection.findOne({ "outbox.0": { $exists: true } })) return true;
  return false;
}

/** The rows of a unit in ARCHITECTURE.md, without services that do nothing. */
export function documented(unit: string): Record<string, Partial<Counts>> {
  const table = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const rows = table.matchAll(new RegExp(`^\\| ${unit} \\| (\\w+) \\|(.*)\\|$`, "gm"));
  const found: Record<string, Partial<Counts>> = {};
  let isFound = false;
  for (const [, service = "", cells = ""] of rows) {
    const numbers = cells.split("|").map(Number);
    isFound = true;
    if (numbers.every((number) => number === 0)) continue;
    found[service] = Object.fromEntries(columns.map((column, index) => [column, numbers[index]]));
  }
  if (!isFound) throw new Error(`ARCHITECTURE.md has no row for ${unit}`);
  return found;
}

const appOf = (name: string): Express => {
  const { app } = definitions.find((definition) => definition.name === name) ?? {};
  if (!app) throw new Error(`${name} has no routes`);
  return app;
};

const seller = signedIn();
const buyer = signedIn();
const post = (service: string, cookie: string, body: object) =>
  request(appOf(service)).post(`/api/${service}`).set("Cookie", cookie).send(body).expect(201);

export const get = (service: string, path: string) =>
  request(appOf(service)).get(path).set("Cookie", buyer).expect(200);

export const showCurrentUser = () => get("auth", "/api/users/currentuser");
export const list = () => get("tickets", "/api/tickets");
export const show = (ticketId: string) => get("tickets", `/api/tickets/${ticketId}`);

/** @returns the id of a ticket */
export async function create(): Promise<string> {
  const { body } = await post("tickets", seller, { title: "Chamber music", price: 20 });
  return body.id;
}

/** @returns the id of an order */
export async function order(ticketId: string): Promise<string> {
  const { body } = await post("orders", buyer, { ticketId });
  return body.id;
}

export const pay = (orderId: string) => post("payments", buyer, { orderId, token: "tok_visa" });

/** As the timer of an order reports it. */
export const reportExpiry = (orderId: string): Promise<void> =>
  broker
    .connect("expiration")
    .publish("expiration:complete", eventBytes("expiration:complete", { orderId }), newIds());
