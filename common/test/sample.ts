import { randomUUID } from "node:crypto";
import { Schema } from "mongoose";
import type { Event } from "../src/contract/events";
import { onFailpoint } from "../src/base/failpoint";
import { connectDatabase, createDatabase, ensureIndexes } from "../src/database/database";
import { defineAggregate } from "../src/database/define-aggregate";
import { unchanged } from "../src/database/logged-model";

/** A database with the smallest aggregate that the contract has a subject for. */
export const database = createDatabase("samples");

let handleTransition: (title: string) => void = () => {};

/** Calls `handle` with the title of each sample whose title changed. */
export function onTransition(handle: typeof handleTransition): void {
  handleTransition = handle;
}

export const Sample = defineAggregate(database, "Sample", {
  subjects: ["ticket:created", "ticket:updated"],
  published: {
    title: { type: String, required: true },
    price: { type: Number, required: true },
    userId: { type: String, default: "5".repeat(24) },
    withdrawn: { type: Boolean, default: false },
    orderId: { type: String },
  },
  computed: { status: () => "available" },
  unpublished: {
    parts: [new Schema({ name: String }, { _id: false })],
    secret: { type: String, default: "not published" },
  },
  restore: () => ({ parts: unchanged, secret: unchanged }),
  currentSubject({ price, version }) {
    if (price === 0) return undefined;
    return version === 0 ? "ticket:created" : "ticket:updated";
  },
  transition: { field: "title", count: ({ title }) => handleTransition(title) },
  methods: {
    reprice(price: number): void {
      this.price = price;
      this.record("ticket:updated");
    },
  },
  indexes: [],
});
export type Sample = InstanceType<typeof Sample>;

export async function saveSample(title = "Kite", price = 10): Promise<Sample> {
  const sample = new Sample({ title, price, parts: [{ name: "tail" }] });
  sample.record("ticket:created");
  return sample.save();
}

export const loadSample = (id: string): Promise<Sample> => Sample.findById(id).orFail().exec();

/** The stored outbox of an aggregate. */
export async function storedOutbox(id: string): Promise<Event<"ticket:updated">[]> {
  return (await loadSample(id)).toObject().outbox;
}

export const crash = new Error("a crash");

/** Throws at the failpoint. */
export const crashAt = (place: string): void =>
  onFailpoint((name) => {
    if (name === place) throw crash;
  });

/** Gives a test file this database on the real server, empty before each test. */
export function useSamples(): void {
  beforeAll(async () => {
    await connectDatabase(database, `${process.env.TEST_MONGO_URL}/test-${randomUUID()}`);
    await ensureIndexes(database);
  });
  beforeEach(() => Sample.deleteMany({}));
  afterEach(() => onFailpoint(undefined));
  afterAll(async () => {
    await database.dropDatabase();
    await database.close();
  });
}
