import { Toy, database, loadToy, saveToy, useToys } from "../../test/sample";
import { ensureIndexes } from "../database/database";
import { MemoryBroker, eventBytes, newId } from "../testing";
import type { EventBus } from "../messaging/event-bus";
import { recall } from "./recall";

useToys();

let broker: MemoryBroker;
beforeEach(() => {
  broker = new MemoryBroker();
});

const recalled = () => recall(database, broker.connect("toys"));

/** Publishes the toy as it is now, as its relay did before the database was lost. */
async function published(toy: Toy): Promise<void> {
  const subject = toy.version === 0 ? "ticket:created" : "ticket:updated";
  const { id, version } = toy;
  await broker.connect("toys").publish(subject, eventBytes(subject, { id, version, ...toy.publicState() }));
}

/** A toy whose three prices the broker knows, and which is stored as it was at the first. */
async function restoredToy(): Promise<Toy> {
  const toy = await saveToy();
  const copy = await Toy.collection.findOne({ _id: toy._id });
  if (!copy) throw new Error("There is no toy");
  await published(toy);
  for (const price of [20, 30]) {
    toy.reprice(price);
    await toy.save();
    await published(toy);
  }
  await Toy.collection.replaceOne({ _id: toy._id }, copy);
  return loadToy(toy.id);
}

it("brings what is older to its newest state, and leaves the rest of it as it is", async () => {
  const { id, createdAt, secret } = await restoredToy();
  expect(await recalled()).toBe(1);
  expect(await loadToy(id)).toMatchObject({ version: 2, price: 30, createdAt, secret });
});

it("brings back what is missing, created when its id was", async () => {
  const { id, createdAt } = await restoredToy();
  await Toy.deleteMany();
  expect(await recalled()).toBe(1);
  const toy = await loadToy(id);
  expect(toy).toMatchObject({ version: 2, price: 30, title: "Kite" });
  expect(Math.abs(toy.createdAt.getTime() - createdAt.getTime())).toBeLessThan(1000);
  toy.reprice(40);
  await toy.save();
  expect(await loadToy(id)).toMatchObject({ version: 3, price: 40 });
});

it("leaves alone what is as new or newer, and finds nothing the second time", async () => {
  const toy = await restoredToy();
  await recalled();
  const newer = await loadToy(toy.id);
  newer.reprice(99);
  await newer.save();
  expect(await recalled()).toBe(0);
  expect(await loadToy(toy.id)).toMatchObject({ version: 3, price: 99 });
});

it.each(["holder", "taker"])(
  "lets go of what another took, also if it hears of the %s first",
  async (first) => {
    await Toy.collection.createIndex({ title: 1 }, { unique: true });
    const [holder, taker] = [await saveToy("Kite"), await saveToy("Drum")];
    const copies = await Toy.collection.find().toArray();
    for (const [toy, title] of [
      [holder, "Old kite"],
      [taker, "Kite"],
    ] as const) {
      toy.title = title;
      toy.record("ticket:updated");
      await toy.save();
    }
    for (const toy of first === "holder" ? [holder, taker] : [taker, holder]) await published(toy);
    await Toy.deleteMany();
    await Toy.collection.insertMany(copies);

    expect(await recalled()).toBe(2);
    expect(await loadToy(holder.id)).toMatchObject({ title: "Old kite", version: 1 });
    expect(await loadToy(taker.id)).toMatchObject({ title: "Kite", version: 1 });
    await Toy.collection.dropIndex("title_1");
  },
);

it("refuses what somebody here holds who, as far as the broker knows, never let go of it", async () => {
  await Toy.collection.createIndex({ title: 1 }, { unique: true });
  const { id } = await restoredToy();
  await Toy.deleteMany();
  await saveToy("Kite");
  await expect(recalled()).rejects.toThrow("duplicate key");
  await expect(loadToy(id)).rejects.toThrow("No document found");
  await Toy.collection.dropIndex("title_1");
});

it("passes over what nobody can read", async () => {
  const { id } = await restoredToy();
  await broker.connect("toys").publish("ticket:updated", Buffer.from("not an event"));
  expect(await recalled()).toBe(1);
  expect(await loadToy(id)).toMatchObject({ version: 2 });
});

/** Publishes what the first relay of `count` toys did, which are not in the database. */
async function publishedToys(count: number): Promise<string[]> {
  const bus = broker.connect("toys");
  const state = (await saveToy()).publicState();
  await Toy.deleteMany();
  const ids = Array.from({ length: count }, newId);
  for (const id of ids)
    await bus.publish("ticket:created", eventBytes("ticket:created", { id, version: 0, ...state }));
  return ids;
}

const storedIds = async () => (await Toy.find({}, { _id: 1 }).lean()).map(({ _id }) => String(_id));

it("ends although others publish for as long as it reads", async () => {
  const [id] = await publishedToys(1);
  const bus = broker.connect("toys");
  const busy = {
    ...bus,
    readLog: async function* (...args: Parameters<EventBus["readLog"]>) {
      for await (const batch of bus.readLog(...args)) {
        const [message] = batch;
        if (message) await bus.publish("ticket:created", message.bytes);
        yield batch;
      }
    },
  };
  expect(await recall(database, busy)).toBe(1);
  expect(await storedIds()).toEqual([id]);
});

it("writes what it has read before it reads on, and goes on there after an interruption", async () => {
  const ids = await publishedToys(600);
  const bus = broker.connect("toys");
  const asked: unknown[] = [];
  const failing = (batches: number): EventBus => ({
    ...bus,
    readLog: async function* (subject, options) {
      if (subject === "ticket:created") asked.push(options?.after);
      let left = batches;
      for await (const batch of bus.readLog(subject, options)) {
        if (left-- === 0) throw new Error("the broker is away");
        yield batch;
      }
    },
  });
  await expect(recall(database, failing(2))).rejects.toThrow("away");
  expect((await storedIds()).toSorted()).toEqual(ids.slice(0, 512).toSorted());
  expect(await recall(database, failing(9))).toBe(88);
  expect((await storedIds()).toSorted()).toEqual(ids.toSorted());
  expect(await recall(database, failing(9))).toBe(0);
  expect(asked).toEqual([0, 512, 0]);
});

it("begins at the beginning when the database was restored again after an interruption", async () => {
  const ids = await publishedToys(300);
  const interrupted: EventBus = {
    ...broker.connect("toys"),
    readLog: async function* (subject, options) {
      if (subject !== "ticket:created") return;
      for await (const batch of broker.connect("toys").readLog(subject, options)) {
        yield batch;
        throw new Error("the broker is away");
      }
    },
  };
  await expect(recall(database, interrupted)).rejects.toThrow("away");
  await Toy.collection.drop(); // as mongorestore does, while the progress may come with the copy
  await ensureIndexes(database);
  expect(await recalled()).toBe(300);
  expect((await storedIds()).toSorted()).toEqual(ids.toSorted());
});
