import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { mongo } from "mongoose";
import { Client, bodyOf, newUser } from "../client";
import { readEventLog } from "../event-log";
import { eventually } from "../../common/src/testing/eventually";
import { ticketOnSale } from "../setup";
import { type Saga, buy, cancel, letExpire, slowly, payTooLate, reserve, sell } from "../sagas";
import { database, ledger, stackFile } from "../stack";
import { stackViolations } from "../stack-violations";
import { killAll, rolledOut } from "./cluster";
import { databaseServices } from "../../infra/services";

beforeEach(() => rolledOut(), 120_000);
afterAll(() => rolledOut(), 120_000);

/** Signs in on another device. */
const signInAgain: Saga = async () => {
  const credentials = { email: `member-${randomUUID()}@example.com`, password: "correct horse" };
  await bodyOf(new Client().signUp(credentials));
  return () => eventually(() => bodyOf(new Client().signIn(credentials)), slowly);
};

const viewTicket: Saga = async () => {
  const ticket = await ticketOnSale(await newUser("seller"), { title: "Still on show" });
  return () =>
    eventually(async () => {
      const page = await fetch(`${stackFile().url}/tickets/${ticket.id}`);
      expect(await page.text()).toContain("Still on show");
    }, slowly);
};

it.each<[killed: string, sagas: Saga[]]>([
  ["auth", [signInAgain, buy]],
  ["tickets", [sell, reserve, buy]],
  ["orders", [reserve, cancel, letExpire, buy]],
  ["payments", [buy, payTooLate]],
  ["expiration", [letExpire, reserve]],
  ["client", [viewTicket]],
  ["nats", [sell, reserve, cancel, letExpire, buy]],
  ["expiration-redis", [letExpire, reserve]],
  ["auth-mongo", [signInAgain, buy]],
  ["tickets-mongo", [sell, reserve, buy]],
  ["orders-mongo", [reserve, cancel, letExpire, buy]],
  ["payments-mongo", [buy, payTooLate]],
  ["stripe-sandbox", [buy]],
])(
  "completes correctly when every pod of %s is killed midway",
  async (app, sagas) => {
    const begun = await Promise.all(sagas.map((saga) => saga()));
    await killAll(app);
    await Promise.all(begun.map((goOn) => goOn()));
  },
  180_000,
);

it("preserves the data of databases, Redis, broker and payment sandbox on volumes", async () => {
  const mark = { _id: new mongo.ObjectId(), mark: randomUUID() };
  const redis = new Redis(stackFile().servers.redis, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined); // expected while it is down
  for (const name of databaseServices) await database(name).collection("marks").insertOne(mark);
  await redis.set("mark", mark.mark);
  const published = await numberPublished();
  expect(published).toBeGreaterThan(0);
  const { charges } = await ledger();
  expect(charges).not.toEqual([]);

  const mongos = databaseServices.map((name) => `${name}-mongo`);
  for (const store of [...mongos, "expiration-redis", "nats", "stripe-sandbox"]) await killAll(store);
  await rolledOut();
  for (const name of databaseServices) {
    await eventually(
      async () => expect(await database(name).collection("marks").findOne(mark)).toEqual(mark),
      slowly,
    );
    await database(name).collection("marks").drop();
  }
  await eventually(async () => expect(await redis.getdel("mark")).toBe(mark.mark), slowly);
  await eventually(async () => expect(await numberPublished()).toBeGreaterThanOrEqual(published), slowly);
  redis.disconnect();
  const kept = async () => expect((await ledger()).charges).toEqual(expect.arrayContaining(charges));
  await eventually(kept, slowly);
}, 240_000);

it("keeps every invariant", async () => {
  expect(await stackViolations({ withinSeconds: 90 })).toEqual([]);
}, 150_000);

/** The number of events in the broker, once it stops growing. */
async function numberPublished(): Promise<number> {
  const log = await readEventLog(stackFile().servers.nats);
  let seen = -1;
  await eventually(
    () => {
      const before = seen;
      seen = log.events.length;
      expect(seen).toBe(before);
    },
    { intervalMs: 500 },
  );
  await log.close();
  return seen;
}
