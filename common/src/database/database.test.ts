import mongoose, { Schema, trusted } from "mongoose";
import { databaseTime, ensureIndexes, pingDatabase, serviceOf } from "./database";
import { Sample, database, saveSample, useSamples } from "../../test/sample";

useSamples();

describe("an operator in a filter", () => {
  const filters: [string, object][] = [
    ["in a field", { title: { $gt: "" } }],
    ["in a path", { "outbox.0": { $exists: true } }],
    ["in an alternative", { $or: [{ title: "Kite" }, { price: { $gt: 0 } }] }],
    ["in $eq", { title: { $eq: { $gt: "" } } }],
    ["beside a trusted one", { price: trusted({ $gt: 0 }), title: { $ne: "" } }],
  ];

  it.each(filters)("is refused %s unless it is trusted", async (_where, filter) => {
    await saveSample();
    const refusal = "wrap them in mongoose's trusted()";
    await expect(Sample.find(filter)).rejects.toThrow(refusal);
    await expect(Sample.findOne(filter)).rejects.toThrow(refusal);
    await expect(Sample.exists(filter)).rejects.toThrow(refusal);
    await expect(Sample.countDocuments(filter)).rejects.toThrow(refusal);
    await expect(Sample.distinct("title", filter)).rejects.toThrow(refusal);
    await expect(Sample.updateOne(filter, { price: 1 })).rejects.toThrow(refusal);
    await expect(Sample.updateMany(filter, { price: 1 })).rejects.toThrow(refusal);
    await expect(Sample.replaceOne(filter, { title: "other", price: 1 })).rejects.toThrow(refusal);
    await expect(Sample.deleteOne(filter)).rejects.toThrow(refusal);
    await expect(Sample.deleteMany(filter)).rejects.toThrow(refusal);
    await expect(Sample.bulkWrite([{ updateOne: { filter, update: { price: 1 } } }])).rejects.toThrow(
      refusal,
    );
    await expect(Sample.bulkWrite([{ updateMany: { filter, update: { price: 1 } } }])).rejects.toThrow(
      refusal,
    );
    await expect(Sample.bulkWrite([{ deleteOne: { filter } }])).rejects.toThrow(refusal);
    await expect(Sample.bulkWrite([{ deleteMany: { filter } }])).rejects.toThrow(refusal);
    await expect(Sample.findOneAndUpdate(filter, { price: 1 })).rejects.toThrow(refusal);
    await expect(Sample.findOneAndDelete(filter)).rejects.toThrow(refusal);
    await expect(Sample.find(filter).cursor().next()).rejects.toThrow(
      /wrap them in mongoose's trusted\(\)|Cast to/,
    );
  });

  it("has its meaning when it is trusted", async () => {
    await saveSample();
    const filters = [
      { title: trusted({ $gt: "" }) },
      { "outbox.0": trusted({ $exists: true }) },
      { $or: [{ title: "another" }, { price: trusted({ $gt: 0 }) }] },
      { title: { $eq: "Kite" } },
    ];
    for (const filter of filters) {
      expect(await Sample.countDocuments(filter)).toBe(1);
      expect(await Sample.find(filter).cursor().next()).toMatchObject({ title: "Kite" });
      const update = { updateOne: { filter, update: { $inc: { price: 1 } } } };
      expect(await Sample.bulkWrite([update])).toMatchObject({ matchedCount: 1 });
    }
  });
});

it("does not treat an array in place of a plain value as alternatives", async () => {
  await saveSample();
  const filter: object = { title: ["Kite", "Ball"] };
  await expect(Sample.findOne(filter)).rejects.toThrow("Cast to string failed");
});

it("uses a journaled majority write concern", () => {
  expect(database.getClient().options.writeConcern).toMatchObject({ w: "majority", j: true });
});

it("returns the server's time, and whether it responds", async () => {
  expect(Math.abs((await databaseTime(database)) - Date.now())).toBeLessThan(5000);
  await expect(pingDatabase(database)).resolves.toBeUndefined();
});

it("fails to start without an index that a rule requires", async () => {
  await Sample.collection.insertMany([{ title: "the same" }, { title: "the same" }]);
  const Unique = database.model(
    "Unique",
    new Schema({ title: String }, { collection: "samples" }).index({ title: 1 }, { unique: true }),
  );
  await expect(ensureIndexes(database)).rejects.toThrow("duplicate key");
  await Sample.deleteMany({});
  await ensureIndexes(database);
  await expect(Unique.listIndexes()).resolves.toContainEqual(
    expect.objectContaining({ key: { title: 1 }, unique: true }),
  );
  database.deleteModel("Unique");
  await Sample.collection.dropIndex("title_1");
});

it("fails to start if a different index has the same name", async () => {
  await Sample.collection.dropIndex("outbox");
  await Sample.collection.createIndex({ title: 1 }, { name: "outbox" });
  await expect(ensureIndexes(database)).rejects.toThrow("outbox");
  await Sample.collection.dropIndex("outbox");
  await ensureIndexes(database);
});

it("returns the service of a connection", () => {
  expect(serviceOf(database)).toBe("samples");
  expect(() => serviceOf(mongoose.createConnection())).toThrow("createDatabase()");
});
