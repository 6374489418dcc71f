import mongoose, { Schema, trusted } from "mongoose";
import { databaseTime, ensureIndexes, pingDatabase, serviceOf } from "./database";
import { Toy, database, saveToy, useToys } from "../../test/sample";

useToys();

describe("an operator in a filter", () => {
  const filters: [string, object][] = [
    ["in a field", { title: { $gt: "" } }],
    ["in a path", { "outbox.0": { $exists: true } }],
    ["in an alternative", { $or: [{ title: "Kite" }, { price: { $gt: 0 } }] }],
    ["in $eq", { title: { $eq: { $gt: "" } } }],
    ["beside a trusted one", { price: trusted({ $gt: 0 }), title: { $ne: "" } }],
  ];

  it.each(filters)("is refused %s unless it is trusted", async (_where, filter) => {
    await saveToy();
    const refusal = "wrap them in trusted()";
    await expect(Toy.find(filter)).rejects.toThrow(refusal);
    await expect(Toy.findOne(filter)).rejects.toThrow(refusal);
    await expect(Toy.exists(filter)).rejects.toThrow(refusal);
    await expect(Toy.countDocuments(filter)).rejects.toThrow(refusal);
    await expect(Toy.distinct("title", filter)).rejects.toThrow(refusal);
    await expect(Toy.updateOne(filter, { price: 1 })).rejects.toThrow(refusal);
    await expect(Toy.updateMany(filter, { price: 1 })).rejects.toThrow(refusal);
    await expect(Toy.replaceOne(filter, { title: "other", price: 1 })).rejects.toThrow(refusal);
    await expect(Toy.deleteOne(filter)).rejects.toThrow(refusal);
    await expect(Toy.deleteMany(filter)).rejects.toThrow(refusal);
    await expect(Toy.findOneAndUpdate(filter, { price: 1 })).rejects.toThrow(refusal);
    await expect(Toy.findOneAndDelete(filter)).rejects.toThrow(refusal);
    await expect(Toy.find(filter).cursor().next()).rejects.toThrow(/wrap them in trusted\(\)|Cast to/);
  });

  it("has its meaning when it is trusted", async () => {
    await saveToy();
    const filters = [
      { title: trusted({ $gt: "" }) },
      { "outbox.0": trusted({ $exists: true }) },
      { $or: [{ title: "another" }, { price: trusted({ $gt: 0 }) }] },
      { title: { $eq: "Kite" } },
    ];
    for (const filter of filters) {
      expect(await Toy.countDocuments(filter)).toBe(1);
      expect(await Toy.find(filter).cursor().next()).toMatchObject({ title: "Kite" });
    }
  });
});

it("takes an array in what should be a plain value for no alternatives", async () => {
  await saveToy();
  const filter: object = { title: ["Kite", "Ball"] };
  await expect(Toy.findOne(filter)).rejects.toThrow("Cast to string failed");
});

it("acknowledges a write when it is in the journal of the majority", () => {
  expect(database.getClient().options.writeConcern).toMatchObject({ w: "majority", j: true });
});

it("tells the server's time, and whether it answers", async () => {
  expect(Math.abs((await databaseTime(database)) - Date.now())).toBeLessThan(5000);
  await expect(pingDatabase(database)).resolves.toBeUndefined();
});

it("refuses to start without an index that a rule hangs on", async () => {
  await Toy.collection.insertMany([{ title: "the same" }, { title: "the same" }]);
  const Unique = database.model(
    "Unique",
    new Schema({ title: String }, { collection: "toys" }).index({ title: 1 }, { unique: true }),
  );
  await expect(ensureIndexes(database)).rejects.toThrow("duplicate key");
  await Toy.deleteMany({});
  await ensureIndexes(database);
  await expect(Unique.listIndexes()).resolves.toContainEqual(
    expect.objectContaining({ key: { title: 1 }, unique: true }),
  );
  database.deleteModel("Unique");
  await Toy.collection.dropIndex("title_1");
});

it("refuses to start on an index of the same name that is another", async () => {
  await Toy.collection.dropIndex("outbox");
  await Toy.collection.createIndex({ title: 1 }, { name: "outbox" });
  await expect(ensureIndexes(database)).rejects.toThrow("outbox");
  await Toy.collection.dropIndex("outbox");
  await ensureIndexes(database);
});

it("knows whose connection it is", () => {
  expect(serviceOf(database)).toBe("toys");
  expect(() => serviceOf(mongoose.createConnection())).toThrow("createDatabase()");
});
