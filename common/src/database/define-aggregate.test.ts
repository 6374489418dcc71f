import { clock } from "../base/clock";
import { withContext } from "../base/context";
import { onSave } from "./saved-events";
import { createDatabase } from "./database";
import { defineAggregate } from "./define-aggregate";
import {
  crash,
  crashAt,
  database,
  loadSample,
  onTransition,
  saveSample,
  storedOutbox,
  useSamples,
} from "../../test/sample";

useSamples();
afterEach(() => clock.use());

it("counts versions 0, 1, 2, in memory, in the database and in each event", async () => {
  const sample = await saveSample();
  const inMemory = [sample.version];
  for (const price of [20, 30]) {
    sample.reprice(price);
    await sample.save();
    inMemory.push(sample.version);
  }
  const loaded = await loadSample(sample.id);
  loaded.reprice(40);
  await loaded.save();
  expect([...inMemory, loaded.version, (await loadSample(sample.id)).version]).toEqual([0, 1, 2, 3, 3]);
  const events = await storedOutbox(sample.id);
  expect(events.map(({ data }) => [data.version, data.price])).toEqual([
    [0, 10],
    [1, 20],
    [2, 30],
    [3, 40],
  ]);
});

it("increments the version also in a save that publishes nothing", async () => {
  const sample = await saveSample();
  sample.secret = "another";
  sample.recordNothing("only the secret changed");
  await sample.save();
  expect([sample.version, (await loadSample(sample.id)).version]).toEqual([1, 1]);
  expect(await storedOutbox(sample.id)).toHaveLength(1);
});

it("stores the event as it is sent", async () => {
  clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const sample = await withContext({ traceparent }, () => saveSample());
  expect(await storedOutbox(sample.id)).toEqual([
    {
      specversion: "1.0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: "samples",
      type: "ticket:created",
      subject: sample.id,
      time: "2026-01-02T03:04:05.678Z",
      traceparent: expect.stringContaining("a".repeat(32)),
      data: { id: sample.id, version: 0, ...sample.publicState() },
    },
  ]);
});

it("stores one event per save", async () => {
  const sample = await saveSample();
  sample.reprice(20);
  expect(() => sample.reprice(30)).toThrow("A save records one event at most");
  expect(() => sample.recordNothing("a second thought")).toThrow("A save records one event at most");
});

it("rejects a save that neither records an event nor declares that it publishes none", async () => {
  const sample = await saveSample();
  sample.price = 20;
  await expect(sample.save()).rejects.toThrow("A save must record its event");
  expect((await loadSample(sample.id)).price).toBe(10);
});

it("rejects a save whose event violates the contract", async () => {
  const sample = await saveSample();
  sample.userId = "nobody";
  sample.record("ticket:updated");
  await expect(sample.save()).rejects.toThrow("userId");
  expect((await loadSample(sample.id)).version).toBe(0);
});

it("serializes only its public state, id, version and creation time", async () => {
  clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
  const { id } = await saveSample();
  const sample = await loadSample(id);
  expect(JSON.parse(JSON.stringify(sample))).toEqual({
    id,
    version: 0,
    createdAt: "2026-01-02T03:04:05.678Z",
    ...sample.publicState(),
  });
});

it("keeps its creation time", async () => {
  const { id, createdAt } = await saveSample();
  const sample = await loadSample(id);
  sample.createdAt = new Date(0);
  sample.reprice(20);
  await sample.save();
  expect((await loadSample(id)).createdAt).toEqual(createdAt);
});

it("notifies its own process of each successful save", async () => {
  let saves = 0;
  const stop = onSave(database, () => saves++);
  const sample = await saveSample();
  crashAt("samples.save.before");
  sample.reprice(20);
  await expect(sample.save()).rejects.toBe(crash);
  stop();
  expect(saves).toBe(1);
});

const ticket = {
  subjects: ["ticket:created" as const],
  unpublished: {},
  restore: () => ({}),
  currentSubject: () => undefined,
  methods: {},
  indexes: [],
};
const [text, number] = [{ type: String }, { type: Number }];
const published = { title: text, price: number, userId: text, status: text, orderId: text };

it("rejects a definition whose published fields differ from the schema of its events", () => {
  expect(() => defineAggregate(createDatabase("less"), "Ticket", { ...ticket, published })).toThrow(
    "Ticket must publish withdrawn, as in the schema of ticket:created",
  );
  const more = { ...published, withdrawn: { type: Boolean }, color: text };
  expect(() => defineAggregate(createDatabase("more"), "Ticket", { ...ticket, published: more })).toThrow(
    "Ticket publishes color: add it to the schema of ticket:created",
  );
});

it("counts transitions, not saves", async () => {
  const transitions: string[] = [];
  onTransition((title) => transitions.push(title));
  const sample = await saveSample("Kite");
  sample.reprice(20);
  await sample.save();
  sample.title = "Drum";
  sample.record("ticket:updated");
  await sample.save();
  expect(transitions).toEqual(["Kite", "Drum"]);
});
