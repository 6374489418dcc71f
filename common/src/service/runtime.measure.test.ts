import { clock, seconds } from "../base/clock";
import { mongoStore } from "./store";
import { Sample, database, saveSample, useSamples } from "../../test/sample";
import { eventually } from "../testing/eventually";
import { Gate } from "../testing/gate";
import { listener } from "../messaging/listener";
import { exposeMetrics } from "../base/metrics";
import { Runtime } from "./runtime";
import { MemoryBroker, eventBytes, newId, newIds } from "../testing";

useSamples();

let broker: MemoryBroker;
let runtime: Runtime;
let isStoreThere: boolean;
let measure: () => Promise<void>;
let gate: Gate;

beforeEach(() => {
  broker = new MemoryBroker();
  isStoreThere = true;
  measure = async () => {};
  gate = new Gate();
  const store = mongoStore(database);
  const time = () => (isStoreThere ? store.time() : Promise.reject(new Error("no response")));
  const listeners = [listener("expiration:complete", () => gate.opened)];
  runtime = new Runtime(
    { name: "samples", store: { database }, listeners, measures: [() => measure()] },
    { ...store, time, close: async () => {} },
    broker.connect("samples"),
  );
});

afterEach(async () => {
  gate.open();
  clock.use();
  await runtime.stop();
  await database.collection("deadletters").deleteMany({});
});

/** The value of a metric, measured now. */
async function measured(metric: string): Promise<number> {
  await runtime.measure();
  const line = (await exposeMetrics()).split("\n").find((one) => one.startsWith(`${metric} `));
  return Number(line?.split(" ").at(-1));
}

const publish = (bytes: Buffer) =>
  broker.connect("expiration").publish("expiration:complete", bytes, newIds());

it("reports whether store and broker are available", async () => {
  expect([await measured("store_ready"), await measured("bus_connected")]).toEqual([1, 1]);
  isStoreThere = false;
  broker.stop();
  expect([await measured("store_ready"), await measured("bus_connected")]).toEqual([0, 0]);
});

it("reports the age of the oldest unpublished event, also while the broker is down", async () => {
  const age = () => measured('outbox_oldest_event_seconds{collection="samples"}');
  let now = Date.now();
  clock.use(() => now);
  expect(await age()).toBe(0);
  broker.stop();
  await saveSample();
  now += seconds(40);
  await saveSample();
  now += seconds(30);
  expect(await age()).toBe(70);
  broker.start();
  await runtime.settled();
  expect(await age()).toBe(0);
});

it("reports for how long the oldest event has been waiting for a listener", async () => {
  const age = () => measured('undelivered_oldest_event_seconds{subject="expiration:complete"}');
  let now = Date.now();
  clock.use(() => now);
  runtime.start();
  await publish(eventBytes("expiration:complete", { orderId: newId() }));
  now += seconds(90);
  expect(await age()).toBe(90);
  gate.open();
  await eventually(async () => expect(await age()).toBe(0));
});

it("reports the number of dead letters", async () => {
  runtime.start();
  await publish(Buffer.from("not our JSON"));
  await eventually(async () => expect(await measured("dead_letters")).toBe(1));
  expect(await measured("dead_letters")).toBe(1);
  await database.collection("deadletters").deleteMany({});
  expect(await measured("dead_letters")).toBe(0);
});

it("reports how full the volumes of the database and of the broker are", async () => {
  const used = await measured("store_volume_used_ratio");
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThanOrEqual(1);
  const event = eventBytes("expiration:complete", { orderId: newId() });
  const before = await measured("broker_stored_bytes");
  await publish(event);
  expect(await measured("broker_stored_bytes")).toBe(before + event.length);
});

it("records when all backlogs were last measured", async () => {
  const at = () => measured("backlog_measured_timestamp_seconds");
  const before = await at();
  expect(Math.abs(before - Date.now() / 1000)).toBeLessThan(60);
  isStoreThere = false;
  expect(await at()).toBe(before);
});

it.each([
  ["fails", () => Promise.reject(new Error("no index"))],
  ["does not end", () => gate.opened],
])(
  "does not record that all was measured while a measure of the service %s, and measures the rest",
  async (_, broken) => {
    const at = () => measured("backlog_measured_timestamp_seconds");
    const before = await at();
    measure = broken;
    runtime.start();
    await publish(Buffer.from("not our JSON"));
    await eventually(async () => expect(await measured("dead_letters")).toBe(1), { withinSeconds: 30 });
    expect(await at()).toBe(before);
    measure = async () => {};
    await eventually(async () => expect(await at()).toBeGreaterThan(before));
  },
);

it("does not query the broker in a service without listeners", async () => {
  const bus = broker.connect("samples");
  const storedBytes = jest.spyOn(bus, "storedBytes");
  await new Runtime({ name: "samples", store: { database } }, mongoStore(database), bus).measure();
  expect(storedBytes).not.toHaveBeenCalled();
});

it("keeps the last values of a store that does not respond, and still measures the broker", async () => {
  await publish(Buffer.from("not our JSON"));
  runtime.start();
  await eventually(async () => expect(await measured("dead_letters")).toBe(1));
  isStoreThere = false;
  await database.collection("deadletters").deleteMany({});
  expect([await measured("dead_letters"), await measured("store_ready")]).toEqual([1, 0]);
  expect(await measured("bus_connected")).toBe(1);
});

it("reads the outbox by its index, independent of the size of the collection", async () => {
  const plan = await Sample.collection
    .find({ "outbox.0": { $exists: true } })
    .sort({ "outbox.0.time": 1 })
    .limit(1)
    .explain("executionStats");
  expect(JSON.stringify(plan.queryPlanner)).toContain('"indexName":"outbox"');
});
