import mongoose, { Schema, trusted } from "mongoose";
import { databaseTime, ensureIndexes, pingDatabase, serviceOf } from "./database";
import { Toy, database, saveToy, useToys } from "./toy.testing";

useToys();

it("takes operators in what should be a plain value for plain", async () => {
  await saveToy();
  await expect(Toy.findOne({ title: { $gt: "" } })).rejects.toThrow("Cast to string failed");
  expect(await Toy.countDocuments({ title: trusted({ $gt: "" }) })).toBe(1);
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
