import { trusted } from "mongoose";
import { freePort } from "../../../infra/local/port";
import { clock, seconds } from "../base/clock";
import { isTransient } from "../contract/errors";
import { mongoDeadLetters } from "../messaging/dead-letters";
import { connectDatabase, createDatabase, databaseTime, pingDatabase } from "../database/database";
import { type Mongod, startMongod } from "../../test/mongod";
import { BlockableProxy } from "../../test/service-process";
import { eventually } from "../testing/eventually";
import { mongoStore } from "./store";
import { Sample, database, saveSample } from "../../test/sample";

jest.setTimeout(seconds(10)); // far above the 1 s below, and below the 11 s after which the driver detects a frozen server by itself

let mongod: Mongod;
const store = mongoStore(database);

beforeAll(async () => {
  process.env.MONGO_TIMEOUT_SECONDS = "1";
  mongod = await startMongod();
  process.env.MONGO_URL = mongod.url("samples");
  await store.open();
}, seconds(60)); // on a busy machine
afterEach(() => mongod.thaw());
afterAll(async () => {
  await store.close();
  await mongod.stop();
});

it("fails every operation on a frozen database as unavailable, and recovers afterwards", async () => {
  const sample = await saveSample();
  const changed = await saveSample("changed");
  changed.reprice(20);
  const letters = mongoDeadLetters(database);
  const letter = {
    subject: "ticket:created",
    bytes: Buffer.from("{}"),
    reason: "a bug",
    attempts: 3,
  } as const;
  const operations: Record<string, () => PromiseLike<unknown>> = {
    find: () => Sample.find(),
    findOne: () => Sample.findById(sample.id),
    cursor: () => Sample.find().cursor().next(),
    countDocuments: () => Sample.countDocuments({ price: trusted({ $gt: 0 }) }),
    aggregate: () => Sample.aggregate([{ $match: {} }]),
    insert: () => saveSample(),
    save: () => changed.save(),
    updateOne: () => Sample.updateOne({ _id: sample.id }, { price: 1 }),
    deleteMany: () => Sample.deleteMany({ title: "nothing" }),
    bulkWrite: () => Sample.bulkWrite([{ deleteOne: { filter: { title: "nothing" } } }]),
    "by the driver": () => database.collection("samples").find().toArray(),
    "dead letter": () => letters.keep(letter),
    ping: () => pingDatabase(database),
    time: () => databaseTime(database),
  };

  await mongod.freeze();
  const failures = await Promise.all(
    Object.entries(operations).map(async ([name, operation]) => {
      const outcome = await Promise.allSettled([operation()]);
      return [name, outcome.map((each) => each.status === "rejected" && isTransient(each.reason))];
    }),
  );
  expect(failures).toEqual(Object.keys(operations).map((name) => [name, [true]]));

  mongod.thaw();
  await store.ping();
  expect(await Sample.findById(sample.id)).toMatchObject({ title: "Kite" });
});

it("fails an operation that waits for a connection, too", async () => {
  await mongod.freeze();
  const { maxPoolSize } = database.getClient().options;
  const results = await Promise.allSettled(Array.from({ length: 2 * maxPoolSize }, () => Sample.findOne()));
  expect(results.filter((each) => each.status === "fulfilled" || !isTransient(each.reason))).toEqual([]);
});

it("fails a cursor when the database freezes between two batches", async () => {
  await Promise.all([saveSample(), saveSample(), saveSample()]);
  const cursor = Sample.find().cursor({ batchSize: 1 });
  await cursor.next();
  await mongod.freeze();
  const outcome = await Promise.allSettled([cursor.next()]);
  expect(outcome.map((each) => each.status === "rejected" && isTransient(each.reason))).toEqual([true]);
});

it("does not end a cursor whose documents take longer than an operation may", async () => {
  await Promise.all([saveSample(), saveSample(), saveSample()]);
  const count = await Sample.countDocuments();
  let seen = 0;
  const cursor = Sample.find().cursor({ batchSize: 1 });
  while (await cursor.next()) {
    await clock.wait(500);
    seen += 1;
  }
  expect(seen).toBe(count);
  expect(seen).toBeGreaterThan(2);
});

it("fails to open on a frozen database, and opens once it responds", async () => {
  const another = mongoStore(createDatabase("samples"));
  await mongod.freeze();
  const outcome = await Promise.allSettled([another.open()]);
  expect(outcome.map((each) => each.status === "rejected" && isTransient(each.reason))).toEqual([true]);
  mongod.thaw();
  await another.open();
  await another.close();
});

describe("after the driver has connected to a frozen database for longer than an operation may last", () => {
  const another = createDatabase("samples");
  let proxy: BlockableProxy;
  beforeAll(async () => {
    const url = new URL(mongod.url("samples"));
    proxy = new BlockableProxy(await freePort(), Number(url.port));
    await proxy.open();
    url.port = String(proxy.port);
    await connectDatabase(another, url.href);
  });
  afterAll(async () => {
    await another.close();
    await proxy.shut();
  });

  it("accepts operations, even if the driver could not connect once more", async () => {
    let heartbeats = 0;
    another.getClient().on("serverHeartbeatSucceeded", () => (heartbeats += 1));
    const write = () => another.collection<{ _id: string }>("samples").deleteOne({ _id: "none" });

    await mongod.freeze();
    await proxy.shut();
    await eventually(() => expect(another.readyState).toBe(0));
    await proxy.open();
    await expect(write()).rejects.toThrow("server selection"); // meanwhile, the driver connects
    proxy.refuse();
    mongod.thaw();
    await eventually(() => expect(heartbeats).toBeGreaterThan(15)); // the driver computes round trip times from ten
    await proxy.open();
    await write();
  }, 30_000);
});
