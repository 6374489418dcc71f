import { mongo } from "mongoose";
import { seconds } from "../base/clock";
import { isTransient } from "../contract/errors";
import { mongoStore } from "./store";
import { Sample, database, saveSample } from "../../test/sample";
import { eventually } from "../testing/eventually";
import { broker, startRelay, useRelays } from "../../test/relay";
import { startReplicaSet } from "../../test/replica-set";

useRelays();

let all: Awaited<ReturnType<typeof startReplicaSet>>;
const store = mongoStore(database);

/** A client that does not wait for the majority: it sees and writes what only the primary has. */
let primaryOnly: mongo.MongoClient;
const local = () => primaryOnly.db("samples").collection("samples");

beforeAll(async () => {
  all = await startReplicaSet(seconds(60)); // so long does the primary keep its role without the others
  Object.assign(process.env, { MONGO_URL: all.url("samples"), MONGO_TIMEOUT_SECONDS: "4" }); // as on a cluster
  await store.open();
  const options = { writeConcern: { w: 1 }, readConcern: { level: "local" } } as const;
  primaryOnly = new mongo.MongoClient(all.url("samples"), options);
});
afterEach(thawAll);
afterAll(async () => {
  await primaryOnly.close();
  await store.close();
  await all.remove();
});

async function freezeSecondaries(): Promise<void> {
  const primary = await all.primary();
  await Promise.all(all.members.filter((member) => member !== primary).map((member) => member.freeze()));
}

function thawAll(): void {
  for (const member of all.members) member.thaw();
}

it("acknowledges no write that only the primary has", async () => {
  await freezeSecondaries();
  const [outcome] = await Promise.allSettled([saveSample("lonely")]);
  expect(outcome?.status === "rejected" && isTransient(outcome.reason)).toBe(true);
  expect(await local().countDocuments({ title: "lonely" })).toBe(1);
});

it("neither reads nor publishes what a change of the primary may undo", async () => {
  await Sample.deleteMany({});
  const sample = await saveSample("read");
  await Sample.updateOne({ _id: sample._id }, { $set: { outbox: [] } });
  await freezeSecondaries();
  const time = new Date(0).toISOString();
  const event = { id: "1", subject: "ticket:updated", time, data: { id: sample.id } };
  const change = { $set: { title: "undone", outbox: [event] } };
  await local().updateOne({ _id: sample._id }, change as object);

  expect(await local().findOne({ _id: sample._id })).toMatchObject({ title: "undone" });
  expect(await Sample.findById(sample.id)).toMatchObject({ title: "read" });
  expect(await Sample.countDocuments({ title: "undone" })).toBe(0);
  expect(await Sample.find({ title: "undone" }).cursor().next()).toBeNull();
  await startRelay().drain();
  expect(broker.published).toEqual([]);
  thawAll();
  await eventually(async () => expect(await Sample.countDocuments({ title: "undone" })).toBe(1));
});

it("publishes an event once while the majority cannot confirm that it was published", async () => {
  await Sample.deleteMany({});
  await saveSample();
  await freezeSecondaries();
  broker.store = async () => {
    broker.isThere = broker.published.length < 2; // ends the relay's attempts if they do not end by themselves
  };
  await startRelay().drain();
  expect(broker.published).toHaveLength(1);
});

it("shows the winner to a write that lost the race", async () => {
  const unique = database.collection<{ _id: number; writer: number }>("winners");
  for (let round = 0; round < 50; round++) {
    const write = async (writer: number) => {
      try {
        await unique.insertOne({ _id: round, writer });
      } catch {
        return await unique.findOne({ _id: round });
      }
      return { _id: round, writer };
    };
    const seen = await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    expect(new Set(seen.map((found) => found?.writer)).size).toBe(1);
  }
});
