import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clock, minutes } from "@eventhive/common";
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
import "../tickets/src/index";
import "../orders/src/index";
import "../payments/src/index";
import { root } from "./local/program";

// Performance is guarded by the number of operations: each is a round trip and a wake-up of the database. A change that
// alters a number changes the table in ARCHITECTURE.md with it.

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

setUpSandbox();

beforeAll(async () => {
  const now = clock.now();
  clock.use(() => now); // nothing grows so old that a sweep of the relay publishes it
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
});

afterAll(async () => {
  clock.use();
  for (const { database } of stores) await database.dropDatabase();
  for (const runtime of runtimes) await runtime.stop();
});

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
async function costOf(work: () => PromiseLike<unknown>): Promise<typeof counts> {
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
async function quiet(): Promise<void> {
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

const uncounted: unknown = expect.any(Number);

/** The rows of a unit in ARCHITECTURE.md; a cell that is not a number is not compared. */
function documented(unit: string): typeof counts {
  const table = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const rows = table.matchAll(new RegExp(`^\\| ${unit} \\| (\\w+) \\|(.*)\\|$`, "gm"));
  return Object.fromEntries(
    Array.from(rows, ([, service = "", cells = ""]) => {
      const numbers = cells.split("|").map((cell) => Number(cell.trim()));
      const compared = columns.map((column, index) => {
        const number = numbers[index] ?? NaN;
        return [column, Number.isNaN(number) ? uncounted : number];
      });
      return [service, Object.fromEntries(compared)];
    }),
  );
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

it("costs what ARCHITECTURE.md says to create, order, pay and expire", async () => {
  const ids: string[] = [];
  const create = async () => {
    const { body } = await post("tickets", seller, { title: "Chamber music", price: 20 });
    ids.unshift(body.id);
  };
  const order = async () => {
    const { body } = await post("orders", buyer, { ticketId: ids.shift() });
    ids.push(body.id);
  };
  expect(await costOf(create)).toEqual(documented("create"));
  expect(await costOf(order)).toEqual(documented("order"));
  const [paid = ""] = ids.splice(0);
  const pay = () => post("payments", buyer, { orderId: paid, token: "tok_visa" });
  expect(await costOf(pay)).toEqual(documented("pay"));

  await create();
  await quiet();
  await order();
  const [lapsed = ""] = ids;
  const later = clock.now() + minutes(2);
  clock.use(() => later);
  const expire = () =>
    broker
      .connect("expiration")
      .publish("expiration:complete", eventBytes("expiration:complete", { orderId: lapsed }), newIds());
  expect(await costOf(expire)).toEqual(documented("expire"));
});
