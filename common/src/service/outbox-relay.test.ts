import { clock, seconds } from "../base/clock";
import { Sample, database, saveSample, storedOutbox, useSamples } from "../../test/sample";
import { eventually } from "../testing/eventually";
import {
  broker,
  countUnpublished,
  saveStale,
  publishedVersions,
  saveSampleWithVersions,
  startRelay,
  useRelays,
} from "../../test/relay";

useSamples();
useRelays();
afterEach(() => clock.use());

it("publishes the events of an aggregate in order and removes them", async () => {
  const sample = await saveSampleWithVersions(4);
  const relay = startRelay();
  await relay.drain();
  expect(publishedVersions(sample.id)).toEqual([0, 1, 2, 3]);
  expect(await storedOutbox(sample.id)).toEqual([]);
});

it("publishes immediately after a save", async () => {
  startRelay();
  const { id } = await saveSample();
  await eventually(() => expect(publishedVersions(id)).toEqual([0]));
});

it("leaves new events to the process that saved them, and publishes stale ones", async () => {
  let now = Date.now();
  clock.use(() => now);
  const { id } = await saveSample(); // of another process: so no relay of this process received it
  const ages: number[] = [];
  broker.store = async ({ time }) => void ages.push(now - Date.parse(time));
  startRelay();
  await eventually(() => {
    now += 100;
    expect(publishedVersions(id)).toEqual([0]);
  });
  expect(ages).toEqual([expect.any(Number)]);
  expect(Math.min(...ages)).toBeGreaterThanOrEqual(seconds(2));
});

it("publishes one event per aggregate at a time, and several aggregates concurrently", async () => {
  await Promise.all(Array.from({ length: 24 }, () => saveSampleWithVersions(3)));
  const inFlight = new Set<string>();
  let most = 0;
  broker.store = async ({ subject }) => {
    expect(inFlight).not.toContain(subject);
    inFlight.add(subject);
    most = Math.max(most, inFlight.size);
    await countUnpublished();
    inFlight.delete(subject);
  };
  await startRelay().drain();
  expect(broker.published).toHaveLength(72);
  expect(most).toBeGreaterThan(1);
});

it("publishes each event once without faults", async () => {
  const relay = startRelay();
  await Promise.all(Array.from({ length: 20 }, () => saveSampleWithVersions(4)));
  await relay.drain();
  expect(broker.published).toHaveLength(80);
  expect(new Set(broker.published.map(({ id }) => id)).size).toBe(80);
});

it("publishes a backlog larger than its concurrency", async () => {
  await Promise.all(Array.from({ length: 10 }, () => saveSample()));
  await startRelay({ maxConcurrency: 2 }).drain();
  expect([broker.published.length, await countUnpublished()]).toEqual([10, 0]);
});

it("shares a backlog with other processes, with few duplicates", async () => {
  await saveStale(600);
  const relays = Array.from({ length: 6 }, () => startRelay());
  await Promise.all(relays.map((relay) => relay.drain()));
  expect(await countUnpublished()).toBe(0);
  expect(new Set(broker.published.map(({ id }) => id)).size).toBe(600);
  expect(broker.published.length).toBeLessThan(900); // six times 600, were all to begin with the oldest
});

it("finds unpublished events by the index that contains only these", async () => {
  await Sample.collection.insertMany(
    Array.from({ length: 500 }, () => ({ title: "old", price: 1, outbox: [] })),
  );
  await saveSample();
  await database.db?.command({ profile: 2 });
  await startRelay().drain();
  await database.db?.command({ profile: 0 });
  const looks = await database
    .collection("system.profile")
    .find({ op: "query", ns: /samples$/, "command.filter._id": { $exists: false } })
    .toArray();
  expect(looks.length).toBeGreaterThan(0);
  for (const { planSummary, docsExamined, hasSortStage } of looks) {
    expect(planSummary).toBe("IXSCAN { outbox.0.time: 1 }");
    expect(docsExamined).toBeLessThan(2);
    expect(hasSortStage).toBeUndefined();
  }
});
