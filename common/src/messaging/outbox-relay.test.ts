import { clock } from "../clock";
import { Toy, database, loadToy, saveToy, storedOutbox, useToys } from "../database/toy.testing";
import { type Event, parseEvent } from "../events";
import { onFailpoint } from "../failpoint";
import type { EventBus } from "./event-bus";
import { eventually } from "./event-bus.contract";
import { OutboxRelay } from "./outbox-relay";

useToys();

let relays: OutboxRelay[] = [];
let published: Event[] = [];
let store: (event: Event) => Promise<void>;
let isBrokerThere = true;
const bus: EventBus = {
  get isConnected() {
    return isBrokerThere;
  },
  publish: async (subject, bytes) => {
    const event = parseEvent(subject, bytes);
    await store(event);
    published.push(event);
  },
  subscribe: () => ({ close: async () => {} }),
  watch: () => ({ close: async () => {} }),
  close: async () => {},
};

beforeEach(() => {
  published = [];
  store = async () => {};
  isBrokerThere = true;
});

afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  relays = [];
  clock.use();
});

function startRelay(mostAtOnce?: number): OutboxRelay {
  const relay = new OutboxRelay(database, bus, mostAtOnce);
  relays.push(relay);
  relay.start();
  return relay;
}

async function saveToyWithVersions(count: number): Promise<Toy> {
  const toy = await saveToy();
  for (let version = 1; version < count; version++) {
    toy.reprice(10 + version);
    await toy.save();
  }
  return toy;
}

const versionsOf = (id: string) => published.filter(({ subject }) => subject === id).map(versionOf);
const versionOf = ({ data }: Event) => ("version" in data ? data.version : undefined);
const left = () => Toy.countDocuments({ "outbox.0": { $exists: true } });

/** Parks whoever comes to a failpoint, until it is opened. */
function parkAt(place: string): { reached: Promise<void>; open: () => void } {
  let reach = () => {};
  let open = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const opened = new Promise<void>((resolve) => (open = resolve));
  onFailpoint((name) => {
    if (name !== place) return undefined;
    reach();
    return opened;
  });
  return { reached, open };
}

it("publishes the events of an aggregate in order and takes them out", async () => {
  const toy = await saveToyWithVersions(4);
  const relay = startRelay();
  await relay.drain();
  expect(versionsOf(toy.id)).toEqual([0, 1, 2, 3]);
  expect(await storedOutbox(toy.id)).toEqual([]);
});

it("publishes a save at once", async () => {
  startRelay();
  const { id } = await saveToy();
  await eventually(() => expect(versionsOf(id)).toEqual([0]));
});

it("has one event of an aggregate in flight, and several aggregates", async () => {
  await Promise.all([saveToyWithVersions(3), saveToyWithVersions(3), saveToyWithVersions(3)]);
  const inFlight = new Set<string>();
  let most = 0;
  store = async ({ subject }) => {
    expect(inFlight).not.toContain(subject);
    inFlight.add(subject);
    most = Math.max(most, inFlight.size);
    await left();
    inFlight.delete(subject);
  };
  await startRelay().drain();
  expect([published.length, most]).toEqual([9, 3]);
});

it("publishes each event once while nothing goes wrong", async () => {
  const relay = startRelay();
  await Promise.all(Array.from({ length: 30 }, () => saveToyWithVersions(4)));
  await relay.drain();
  expect(published).toHaveLength(120);
  expect(new Set(published.map(({ id }) => id)).size).toBe(120);
});

it("reaches all, with fewer at once than are waiting", async () => {
  await Promise.all(Array.from({ length: 10 }, () => saveToy()));
  await startRelay(2).drain();
  expect([published.length, await left()]).toEqual([10, 0]);
});

it("waits while the broker is away, and goes on when it is back", async () => {
  isBrokerThere = false;
  const relay = startRelay();
  const { id } = await saveToy();
  await relay.drain();
  expect(versionsOf(id)).toEqual([]);
  isBrokerThere = true;
  await eventually(() => expect(versionsOf(id)).toEqual([0]));
});

it("repeats what the broker did not store, and is not held up by it", async () => {
  const relay = startRelay();
  let refusals = 0;
  const { id } = await saveToy("refused", 1);
  store = async ({ subject }) => {
    if (subject === id && ++refusals < 3) throw new Error("no answer");
  };
  const other = await saveToy();
  await relay.drain();
  expect(versionsOf(other.id)).toEqual([0]);
  await eventually(() => expect(versionsOf(id)).toEqual([0]));
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
  expect(published.length).toBeGreaterThan(1);
  expect(new Set(published.map((each) => each.id))).toEqual(new Set([event?.id]));
  expect(await storedOutbox(id)).toEqual([]);
});

it("publishes what is saved while it is at work on the same aggregate", async () => {
  const { id } = await saveToy();
  const parked = parkAt("toys.pull.before");
  const relay = startRelay();
  await parked.reached;
  const toy = await loadToy(id);
  toy.reprice(20);
  await toy.save();
  parked.open();
  await relay.drain();
  expect(versionsOf(id)).toEqual([0, 1]);
});

it("loses nothing with two processes at work on one database", async () => {
  const relaysOfTwo = [startRelay(), startRelay()];
  const toys = await Promise.all(Array.from({ length: 10 }, () => saveToyWithVersions(5)));
  await Promise.all(relaysOfTwo.map((relay) => relay.drain()));
  for (const { id } of toys) expect(new Set(versionsOf(id))).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(await left()).toBe(0);
});

it("finds what is unpublished by the index that holds nothing else", async () => {
  await Toy.collection.insertMany(Array.from({ length: 500 }, () => ({ title: "old", price: 1, outbox: [] })));
  await saveToy();
  await database.db?.command({ profile: 2 });
  await startRelay().drain();
  await database.db?.command({ profile: 0 });
  const looks = await database.collection("system.profile").find({ op: "query", ns: /toys$/ }).toArray();
  expect(looks.length).toBeGreaterThan(0);
  for (const { planSummary, docsExamined, hasSortStage } of looks) {
    expect(planSummary).toBe('IXSCAN { outbox.0.time: 1 }');
    expect(docsExamined).toBeLessThan(2);
    expect(hasSortStage).toBeUndefined();
  }
});

it("finishes what is in flight when it stops, and takes nothing new", async () => {
  const { id } = await saveToy();
  const parked = parkAt("toys.pull.before");
  const relay = startRelay();
  await parked.reached;
  const stopped = relay.stop();
  parked.open();
  await stopped;
  expect(await storedOutbox(id)).toEqual([]);
  const later = await saveToy();
  for (let turn = 0; turn < 20; turn++) expect(await storedOutbox(later.id)).toHaveLength(1);
});

it("stops at once while the broker is away", async () => {
  isBrokerThere = false;
  const { id } = await saveToy();
  await startRelay().stop();
  expect(await storedOutbox(id)).toHaveLength(1);
});
