import { randomUUID } from "node:crypto";
import { Schema } from "mongoose";
import type { Event, EventData, Subject } from "../events";
import { onFailpoint } from "../failpoint";
import { aggregate, aggregateFields, aggregateMethods } from "./aggregate";
import { connectDatabase, createDatabase, ensureIndexes } from "./database";

/** A service's database with the smallest aggregate that the contract has a subject for. */
export const database = createDatabase("toys");

const toySchema = new Schema(
  {
    ...aggregateFields,
    title: { type: String, required: true },
    price: { type: Number, required: true },
    parts: [new Schema({ name: String }, { _id: false })],
    secret: { type: String, default: "for nobody's eyes" },
  },
  {
    statics: {
      subjects: ["ticket:created", "ticket:updated"] satisfies Subject[],

      storedState({ title, price }: EventData<"ticket:updated">) {
        return { title, price };
      },
    },
    methods: {
      ...aggregateMethods,

      reprice(price: number): void {
        this.price = price;
        this.record("ticket:updated");
      },

      presentSubject(): Subject | undefined {
        if (this.price === 0) return undefined;
        return this.version === 0 ? "ticket:created" : "ticket:updated";
      },

      publicState(): Omit<EventData<"ticket:updated">, "id" | "version"> {
        const { title, price } = this;
        return { title, price, userId: "5".repeat(24), status: "available", withdrawn: false };
      },
    },
  },
);
toySchema.plugin(aggregate);

export const Toy = database.model("Toy", toySchema);
export type Toy = InstanceType<typeof Toy>;

export async function saveToy(title = "Kite", price = 10): Promise<Toy> {
  const toy = new Toy({ title, price, parts: [{ name: "tail" }] });
  toy.record("ticket:created");
  return toy.save();
}

export const loadToy = (id: string): Promise<Toy> => Toy.findById(id).orFail().exec();

/** What waits in an aggregate's outbox, as it is stored. */
export async function storedOutbox(id: string): Promise<Event<"ticket:updated">[]> {
  return (await loadToy(id)).toObject().outbox;
}

export const crash = new Error("a crash");

/** Whoever comes to the failpoint dies there. */
export const crashAt = (place: string): void =>
  onFailpoint((name) => {
    if (name === place) throw crash;
  });

/** Gives a test file this database on the real server, empty before each test. */
export function useToys(): void {
  beforeAll(async () => {
    await connectDatabase(database, `${process.env.TEST_MONGO_URL}/test-${randomUUID()}`);
    await ensureIndexes(database);
  });
  beforeEach(() => Toy.deleteMany({}));
  afterEach(() => onFailpoint(undefined));
  afterAll(async () => {
    await database.dropDatabase();
    await database.close();
  });
}
