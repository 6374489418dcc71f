import { loadToy, saveToy, storedOutbox, useToys } from "../database/toy.testing";
import { onFailpoint } from "../failpoint";
import { eventually } from "./event-bus.contract";
import {
  broker,
  countUnpublished,
  parkAt,
  publishedVersions,
  saveToyWithVersions,
  startRelay,
  useRelays,
} from "./relay.testing";

useToys();
useRelays();

it("waits while the broker is away, and goes on when it is back", async () => {
  broker.isThere = false;
  const relay = startRelay();
  const { id } = await saveToy();
  await relay.drain();
  expect(publishedVersions(id)).toEqual([]);
  broker.isThere = true;
  await eventually(() => expect(publishedVersions(id)).toEqual([0]));
});

it("repeats what the broker did not store, and is not held up by it", async () => {
  const relay = startRelay();
  let refusals = 0;
  const { id } = await saveToy("refused", 1);
  broker.store = async ({ subject }) => {
    if (subject === id && ++refusals < 3) throw new Error("no answer");
  };
  const other = await saveToy();
  await relay.drain();
  expect(publishedVersions(other.id)).toEqual([0]);
  await eventually(() => expect(publishedVersions(id)).toEqual([0]));
});

it("publishes an event again, under the same id, when it dies before it takes it out", async () => {
  const { id } = await saveToy();
  onFailpoint((name) => {
    if (name === "toys.pull.before") throw new Error("a crash");
  });
  await startRelay().drain();
  onFailpoint(undefined);
  const [event] = await storedOutbox(id);
  await startRelay().drain();
  expect(broker.published.length).toBeGreaterThan(1);
  expect(new Set(broker.published.map((each) => each.id))).toEqual(new Set([event?.id]));
  expect(await storedOutbox(id)).toEqual([]);
});

it("publishes what is saved while it is at work on the same aggregate", async () => {
  const relay = startRelay();
  const parked = parkAt("toys.pull.before");
  const { id } = await saveToy();
  await parked.reached;
  const toy = await loadToy(id);
  toy.reprice(20);
  await toy.save();
  parked.open();
  await relay.drain();
  expect(publishedVersions(id)).toEqual([0, 1]);
});

it("loses nothing with two processes at work on one database", async () => {
  const relaysOfTwo = [startRelay(), startRelay()];
  const toys = await Promise.all(Array.from({ length: 10 }, () => saveToyWithVersions(5)));
  await Promise.all(relaysOfTwo.map((relay) => relay.drain()));
  for (const { id } of toys) expect(new Set(publishedVersions(id))).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(await countUnpublished()).toBe(0);
});

it("finishes what is in flight when it stops, and takes nothing new", async () => {
  const relay = startRelay();
  const parked = parkAt("toys.pull.before");
  const { id } = await saveToy();
  await parked.reached;
  const stopped = relay.stop();
  parked.open();
  await stopped;
  expect(await storedOutbox(id)).toEqual([]);
  const later = await saveToy();
  for (let turn = 0; turn < 20; turn++) expect(await storedOutbox(later.id)).toHaveLength(1);
});

it("stops at once while the broker is away", async () => {
  broker.isThere = false;
  const { id } = await saveToy();
  await startRelay().stop();
  expect(await storedOutbox(id)).toHaveLength(1);
});
