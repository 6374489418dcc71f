import { clock } from "../base/clock";
import { withContext } from "../base/context";
import { onSave } from "./saved-events";
import { createDatabase } from "./database";
import { defineAggregate } from "./define-aggregate";
import {
  crash,
  crashAt,
  database,
  loadToy,
  onTransition,
  saveToy,
  storedOutbox,
  useToys,
} from "../../test/sample";

useToys();
afterEach(() => clock.use());

it("counts versions 0, 1, 2, in memory, in the database and in each event", async () => {
  const toy = await saveToy();
  const inMemory = [toy.version];
  for (const price of [20, 30]) {
    toy.reprice(price);
    await toy.save();
    inMemory.push(toy.version);
  }
  const loaded = await loadToy(toy.id);
  loaded.reprice(40);
  await loaded.save();
  expect([...inMemory, loaded.version, (await loadToy(toy.id)).version]).toEqual([0, 1, 2, 3, 3]);
  const events = await storedOutbox(toy.id);
  expect(events.map(({ data }) => [data.version, data.price])).toEqual([
    [0, 10],
    [1, 20],
    [2, 30],
    [3, 40],
  ]);
});

it("raises the version of a save that is nobody else's business too", async () => {
  const toy = await saveToy();
  toy.secret = "another";
  toy.recordNothing("only the secret changed");
  await toy.save();
  expect([toy.version, (await loadToy(toy.id)).version]).toEqual([1, 1]);
  expect(await storedOutbox(toy.id)).toHaveLength(1);
});

it("stores the event as it will be on the wire", async () => {
  clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const toy = await withContext({ traceparent }, () => saveToy());
  expect(await storedOutbox(toy.id)).toEqual([
    {
      specversion: "1.0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: "toys",
      type: "ticket:created",
      subject: toy.id,
      time: "2026-01-02T03:04:05.678Z",
      traceparent: expect.stringContaining("a".repeat(32)),
      data: { id: toy.id, version: 0, ...toy.publicState() },
    },
  ]);
});

it("makes one event of a save", async () => {
  const toy = await saveToy();
  toy.reprice(20);
  expect(() => toy.reprice(30)).toThrow("One save makes one event at most");
  expect(() => toy.recordNothing("a second thought")).toThrow("One save makes one event at most");
});

it("refuses a save that does not say what the others hear of it", async () => {
  const toy = await saveToy();
  toy.price = 20;
  await expect(toy.save()).rejects.toThrow("A save must record its event");
  expect((await loadToy(toy.id)).price).toBe(10);
});

it("refuses a save whose event breaks the contract", async () => {
  const toy = await saveToy();
  toy.userId = "nobody";
  toy.record("ticket:updated");
  await expect(toy.save()).rejects.toThrow("userId");
  expect((await loadToy(toy.id)).version).toBe(0);
});

it("shows its public state, id, version and time of birth, and nothing else", async () => {
  clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
  const { id } = await saveToy();
  const toy = await loadToy(id);
  expect(JSON.parse(JSON.stringify(toy))).toEqual({
    id,
    version: 0,
    createdAt: "2026-01-02T03:04:05.678Z",
    ...toy.publicState(),
  });
});

it("keeps its time of birth", async () => {
  const { id, createdAt } = await saveToy();
  const toy = await loadToy(id);
  toy.createdAt = new Date(0);
  toy.reprice(20);
  await toy.save();
  expect((await loadToy(id)).createdAt).toEqual(createdAt);
});

it("tells its own process of each save that came through", async () => {
  let saves = 0;
  const stop = onSave(database, () => saves++);
  const toy = await saveToy();
  crashAt("toys.save.before");
  toy.reprice(20);
  await expect(toy.save()).rejects.toBe(crash);
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

it("refuses at its definition to publish less or more than the schema of its events", () => {
  expect(() => defineAggregate(createDatabase("less"), "Ticket", { ...ticket, published })).toThrow(
    "Ticket must publish withdrawn, as ticket:created says",
  );
  const more = { ...published, withdrawn: { type: Boolean }, color: text };
  expect(() => defineAggregate(createDatabase("more"), "Ticket", { ...ticket, published: more })).toThrow(
    "Ticket publishes color: add it to the schema of ticket:created",
  );
});

it("counts transitions, not saves", async () => {
  const transitions: string[] = [];
  onTransition((title) => transitions.push(title));
  const toy = await saveToy("Kite");
  toy.reprice(20);
  await toy.save();
  toy.title = "Drum";
  toy.record("ticket:updated");
  await toy.save();
  expect(transitions).toEqual(["Kite", "Drum"]);
});
