import { randomUUID } from "node:crypto";
import { Types, mongo } from "mongoose";
import { isTransient } from "../contract/errors";
import { clock } from "../base/clock";
import { onFailpoint } from "../base/failpoint";
import { connectDatabase, createDatabase } from "./database";
import { defineReplica } from "./define-replica";
import { unchanged } from "./logged-model";
import { newId } from "../testing/ids";

const database = createDatabase("samples");
const Copy = defineReplica(database, "Copy", {
  subjects: ["ticket:created", "ticket:updated"],
  fields: { price: { type: Number }, buyer: { type: String }, note: { type: String } },
  from: ({ price, orderId }) => ({ price, buyer: orderId, note: unchanged }),
});

beforeAll(() => connectDatabase(database, `${process.env.TEST_MONGO_URL}/test-${randomUUID()}`));
afterEach(() => {
  jest.restoreAllMocks();
  onFailpoint(undefined);
  clock.use();
});
afterAll(async () => {
  await database.dropDatabase();
  await database.close();
});

const apply = (id: string, version: number, price: number, buyer?: string) =>
  Copy.apply({
    id,
    version,
    price,
    orderId: buyer,
    title: "Kite",
    userId: id,
    status: "available",
    withdrawn: false,
  });
const stored = (id: string) => Copy.findById(id).orFail().lean();

it("ends in the newest state, whatever the order of the versions", async () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const versions of orders) {
    const id = newId();
    for (const version of versions) await apply(id, version, 10 + version);
    expect(await stored(id)).toMatchObject({ version: 2, price: 12 });
  }
});

it("ignores a version that it already has", async () => {
  const id = newId();
  await apply(id, 1, 10);
  await apply(id, 1, 99);
  expect(await stored(id)).toMatchObject({ version: 1, price: 10 });
});

it("removes fields that the newer state lacks", async () => {
  const id = newId();
  await apply(id, 0, 10, "Ann");
  expect(await stored(id)).toHaveProperty("buyer", "Ann");
  await apply(id, 1, 10);
  expect(await stored(id)).not.toHaveProperty("buyer");
});

it("keeps fields that no event contains", async () => {
  const id = newId();
  await apply(id, 0, 10);
  await Copy.updateOne({ _id: id }, { note: "in the window" });
  await apply(id, 1, 20);
  expect(await stored(id)).toMatchObject({ price: 20, note: "in the window" });
});

it("stores its creation time", async () => {
  const id = newId();
  clock.use(() => 1000);
  await apply(id, 1, 10);
  clock.use(() => 2000);
  await apply(id, 2, 20);
  expect((await stored(id)).createdAt).toEqual(new Date(1000));
});

it("ends in the newest state when the first two versions race", async () => {
  const ids = Array.from({ length: 150 }, newId);
  await Promise.all(ids.flatMap((id) => [apply(id, 0, 300), apply(id, 1, 301)]));
  expect(await Copy.countDocuments({ version: 1, price: 301 })).toBe(ids.length);
});

it("applies the newer state when the older one is inserted concurrently", async () => {
  const id = newId();
  const _id = new Types.ObjectId(id);
  const { collection } = Copy;
  await collection.insertOne({ _id, version: 0, price: 10 });
  const write = collection.bulkWrite.bind(collection);
  jest
    .spyOn(collection, "bulkWrite")
    .mockImplementationOnce(() => write([{ insertOne: { document: { _id } } }])); // what the server's upsert comes to then
  await apply(id, 1, 11);
  expect(await stored(id)).toMatchObject({ version: 1, price: 11 });
});

describe("states that arrive while another is being written", () => {
  beforeAll(async () => {
    await Copy.createCollection();
    const validator = { price: { $lt: 1000 } };
    await database.db?.command({ collMod: Copy.collection.name, validator });
  });
  afterAll(async () => {
    await database.db?.command({ collMod: Copy.collection.name, validator: {} });
  });

  it("share one write: duplicates, gaps, and one that is refused alone", async () => {
    const bulkWrite = jest.spyOn(Copy.collection, "bulkWrite");
    const [first, repeated, overtaken, refused, last] = [newId(), newId(), newId(), newId(), newId()];
    const results = await Promise.allSettled([
      apply(first, 0, 10),
      apply(repeated, 0, 10),
      apply(repeated, 0, 10),
      apply(repeated, 2, 12),
      apply(overtaken, 5, 15),
      apply(overtaken, 3, 13),
      apply(refused, 0, 5000),
      apply(last, 0, 10),
    ]);
    const rejected = results.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
    expect(rejected).toEqual([6]);
    expect(await stored(repeated)).toMatchObject({ version: 2, price: 12 });
    expect(await stored(overtaken)).toMatchObject({ version: 5, price: 15 });
    expect(await stored(last)).toMatchObject({ version: 0 });
    expect(await Copy.exists({ _id: refused })).toBeNull();
    expect(bulkWrite.mock.calls.map(([updates]) => updates.length).slice(0, 2)).toEqual([1, 7]);
  });

  const unreplicated = new mongo.MongoBulkWriteError(
    { message: "duplicate key", code: 11000, writeErrors: [{ index: 0, code: 11000 }] as never },
    { getWriteConcernError: () => ({ code: 91, errmsg: "shutting down" }) } as never,
  );
  it.each([
    ["a network error", new mongo.MongoNetworkError("cut")],
    ["an error of the write concern", unreplicated],
  ])(
    "all fail with a transient error when the outcome of their write is unknown: %s",
    async (_what, error) => {
      const bulkWrite = jest.spyOn(Copy.collection, "bulkWrite");
      bulkWrite.mockResolvedValueOnce({} as never).mockRejectedValueOnce(error);
      const results = await Promise.allSettled([0, 1, 2].map((version) => apply(newId(), version, 10)));
      expect(results.map((result) => result.status === "rejected" && isTransient(result.reason))).toEqual([
        false,
        true,
        true,
      ]);
    },
  );
});

it("throws errors other than a lost race", async () => {
  await expect(apply("not an id", 0, 10)).rejects.toThrow("Cast to ObjectId failed");
});

it("can be stopped before and after it is written", async () => {
  const id = newId();
  const seen: unknown[] = [];
  onFailpoint(async (name) => {
    seen.push([name, await Copy.countDocuments({ _id: id })]);
  });
  await apply(id, 0, 10);
  expect(seen).toEqual([
    ["samples.apply.before", 0],
    ["samples.apply.after", 1],
  ]);
});
