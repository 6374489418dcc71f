import { readLog } from "../testing/read-log";
import { Sample, database, loadSample, saveSample, useSamples } from "../../test/sample";
import { ensureIndexes } from "../database/database";
import { MemoryBroker, eventBytes, newId, newIds } from "../testing";
import { combinedBus } from "../messaging/combined-bus";
import type { EventBus, EventLog } from "../messaging/event-bus";
import { rebuild } from "./rebuild";

useSamples();

let broker: MemoryBroker;
beforeEach(() => {
  broker = new MemoryBroker();
});

const rebuilt = () => rebuild(database, broker.connect("samples"));

/** Publishes the sample as it is now, as its relay did before the database was lost. */
async function published(sample: Sample): Promise<void> {
  const subject = sample.version === 0 ? "ticket:created" : "ticket:updated";
  const { id, version } = sample;
  await broker
    .connect("samples")
    .publish(subject, eventBytes(subject, { id, version, ...sample.publicState() }), newIds());
}

/** A sample whose three prices are in the broker's log, and which is stored as it was at the first. */
async function restoredSample(): Promise<Sample> {
  const sample = await saveSample();
  const copy = await Sample.collection.findOne({ _id: sample._id });
  if (!copy) throw new Error("There is no sample");
  await published(sample);
  for (const price of [20, 30]) {
    sample.reprice(price);
    await sample.save();
    await published(sample);
  }
  await Sample.collection.replaceOne({ _id: sample._id }, copy);
  return loadSample(sample.id);
}

it("updates older documents to their newest state, and keeps unpublished fields", async () => {
  const { id, createdAt, secret } = await restoredSample();
  expect(await rebuilt()).toBe(1);
  expect(await loadSample(id)).toMatchObject({ version: 2, price: 30, createdAt, secret });
});

it("restores missing documents, with the creation time of their ids", async () => {
  const { id, createdAt } = await restoredSample();
  await Sample.deleteMany();
  expect(await rebuilt()).toBe(1);
  const sample = await loadSample(id);
  expect(sample).toMatchObject({ version: 2, price: 30, title: "Kite" });
  expect(Math.abs(sample.createdAt.getTime() - createdAt.getTime())).toBeLessThan(1000);
  sample.reprice(40);
  await sample.save();
  expect(await loadSample(id)).toMatchObject({ version: 3, price: 40 });
});

it("does not change current or newer documents, and writes nothing the second time", async () => {
  const sample = await restoredSample();
  await rebuilt();
  const newer = await loadSample(sample.id);
  newer.reprice(99);
  await newer.save();
  expect(await rebuilt()).toBe(0);
  expect(await loadSample(sample.id)).toMatchObject({ version: 3, price: 99 });
});

it.each(["holder", "taker"])(
  "releases a unique key before its next holder takes it, even if it reads the %s first",
  async (first) => {
    await Sample.collection.createIndex({ title: 1 }, { unique: true });
    const [holder, taker] = [await saveSample("Kite"), await saveSample("Drum")];
    const copies = await Sample.collection.find().toArray();
    for (const [sample, title] of [
      [holder, "Old kite"],
      [taker, "Kite"],
    ] as const) {
      sample.title = title;
      sample.record("ticket:updated");
      await sample.save();
    }
    for (const sample of first === "holder" ? [holder, taker] : [taker, holder]) await published(sample);
    await Sample.deleteMany();
    await Sample.collection.insertMany(copies);

    expect(await rebuilt()).toBe(2);
    expect(await loadSample(holder.id)).toMatchObject({ title: "Old kite", version: 1 });
    expect(await loadSample(taker.id)).toMatchObject({ title: "Kite", version: 1 });
    await Sample.collection.dropIndex("title_1");
  },
);

it("fails if another document holds a unique key that it never released", async () => {
  await Sample.collection.createIndex({ title: 1 }, { unique: true });
  const { id } = await restoredSample();
  await Sample.deleteMany();
  await saveSample("Kite");
  await expect(rebuilt()).rejects.toThrow("duplicate key");
  await expect(loadSample(id)).rejects.toThrow("No document found");
  await Sample.collection.dropIndex("title_1");
});

it("skips unparsable messages", async () => {
  const { id } = await restoredSample();
  await broker.connect("samples").publish("ticket:updated", Buffer.from("not an event"), newIds());
  expect(await rebuilt()).toBe(1);
  expect(await loadSample(id)).toMatchObject({ version: 2 });
});

/** Publishes what the first relay of `count` samples did, which are not in the database. */
async function publishedSamples(count: number): Promise<string[]> {
  const bus = broker.connect("samples");
  const state = (await saveSample()).publicState();
  await Sample.deleteMany();
  const ids = Array.from({ length: count }, newId);
  for (const id of ids)
    await bus.publish("ticket:created", eventBytes("ticket:created", { id, version: 0, ...state }), newIds());
  return ids;
}

const withLog = (bus: EventBus, read: EventLog["read"], broker = "memory"): EventBus => ({
  ...bus,
  logs: [{ broker, read }],
});

const storedIds = async () => (await Sample.find({}, { _id: 1 }).lean()).map(({ _id }) => String(_id));

it("ends even if other services keep publishing", async () => {
  const [id] = await publishedSamples(1);
  const bus = broker.connect("samples");
  const busy = withLog(bus, async function* (subject, options) {
    for await (const batch of readLog(bus, subject, options)) {
      const [message] = batch;
      if (message) await bus.publish("ticket:created", message.bytes, newIds());
      yield batch;
    }
  });
  expect(await rebuild(database, busy)).toBe(1);
  expect(await storedIds()).toEqual([id]);
});

it("writes each batch before it reads the next, and resumes there after an interruption", async () => {
  const ids = await publishedSamples(600);
  const bus = broker.connect("samples");
  const positions: unknown[] = [];
  const failing = (batches: number) =>
    withLog(bus, async function* (subject, options) {
      if (subject === "ticket:created") positions.push(options?.after);
      let left = batches;
      for await (const batch of readLog(bus, subject, options)) {
        if (left-- === 0) throw new Error("the broker is unavailable");
        yield batch;
      }
    });
  await expect(rebuild(database, failing(2))).rejects.toThrow("unavailable");
  expect((await storedIds()).toSorted()).toEqual(ids.slice(0, 512).toSorted());
  expect(await rebuild(database, failing(9))).toBe(88);
  expect((await storedIds()).toSorted()).toEqual(ids.toSorted());
  expect(await rebuild(database, failing(9))).toBe(0);
  expect(positions).toEqual([0, 511, 512, 0]); // 511: whether the log still has message 512
});

/** Applies the first batch. */
async function interruptedRebuild(): Promise<void> {
  const bus = broker.connect("samples");
  const interrupted = withLog(bus, async function* (subject, options) {
    if (subject !== "ticket:created") return;
    for await (const batch of readLog(bus, subject, options)) {
      yield batch;
      throw new Error("the broker is unavailable");
    }
  });
  await expect(rebuild(database, interrupted)).rejects.toThrow("unavailable");
}

it("starts over if the database was restored again after an interruption", async () => {
  const ids = await publishedSamples(300);
  await interruptedRebuild();
  await Sample.collection.drop(); // as mongorestore does, while the progress may come with the copy
  await ensureIndexes(database);
  expect(await rebuilt()).toBe(300);
  expect((await storedIds()).toSorted()).toEqual(ids.toSorted());
});

it.each([
  ["fewer messages than were applied", 255],
  ["more messages than were applied", 300],
])("starts over if the broker's log was lost after an interruption, and has %s", async (_how, count) => {
  await publishedSamples(300);
  await interruptedRebuild();
  broker = new MemoryBroker();
  const ids = await publishedSamples(count);
  expect(await rebuilt()).toBe(count);
  expect((await storedIds()).toSorted()).toEqual(ids.toSorted());
});

it("reads the logs of all brokers, and resumes each at its own position", async () => {
  const ids = await publishedSamples(600);
  const one = broker.connect("samples");
  broker = new MemoryBroker();
  ids.push(...(await publishedSamples(300)));
  const other = broker.connect("samples");
  const positions: unknown[] = [];
  const both = (batches: number) => {
    let left = batches;
    const failing = (name: string, bus: EventBus) =>
      withLog(
        bus,
        async function* (subject, options) {
          if (subject === "ticket:created") positions.push([name, options?.after]);
          for await (const batch of readLog(bus, subject, options)) {
            if (left-- === 0) throw new Error("the broker is unavailable");
            yield batch;
          }
        },
        name,
      );
    return combinedBus(failing("one", one), failing("other", other));
  };
  await expect(rebuild(database, both(4))).rejects.toThrow("unavailable");
  expect(await rebuild(database, both(9))).toBe(44);
  expect((await storedIds()).toSorted()).toEqual(ids.toSorted());
  expect(positions).toEqual([
    ["one", 0],
    ["other", 0],
    ["one", 599],
    ["one", 600],
    ["other", 255],
    ["other", 256],
  ]);
});
