import { Toy, database, loadToy, saveToy, useToys } from "../database/toy.testing";
import { MemoryBroker, eventBytes } from "../testing";
import { recall } from "./recall";

useToys();

let broker: MemoryBroker;
beforeEach(() => {
  broker = new MemoryBroker();
});

const recalled = () => recall(database, broker.connect("toys"), { quietMilliseconds: 200 });

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
    for (const toy of first === "holder" ? [holder, taker] : [taker, holder]) await published(toy);
    for (const [toy, title] of [
      [holder, "Old kite"],
      [taker, "Kite"],
    ] as const) {
      toy.title = title;
      toy.record("ticket:updated");
      await toy.save();
      await published(toy);
    }
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

it("waits while the broker is away", async () => {
  const { id } = await restoredToy();
  const bus = broker.connect("toys");
  let asked = 0;
  const late = {
    ...bus,
    get isConnected() {
      return ++asked > 10;
    },
  };
  const begun = performance.now();
  await recall(database, late, { quietMilliseconds: 200 });
  expect(performance.now() - begun).toBeGreaterThan(600);
  expect(await loadToy(id)).toMatchObject({ version: 2 });
});
