import { randomUUID } from "node:crypto";
import { Types, trusted } from "mongoose";
import { clock } from "../src/base/clock";
import { Sample, database, saveSample } from "./sample";
import { type Event, parseEvent } from "../src/contract/events";
import { onFailpoint } from "../src/base/failpoint";
import type { EventBus } from "../src/messaging/event-bus";
import { OutboxRelay, type RelayOptions } from "../src/service/outbox-relay";

/** A fake broker that a test can stop, slow down and inspect. */
interface TestBroker {
  isThere: boolean;
  store: (event: Event) => Promise<void>;
  published: Event[];
}

export const broker: TestBroker = { isThere: true, store: async () => {}, published: [] };

const bus: EventBus = {
  get isConnected() {
    return broker.isThere;
  },
  publish: async (subject, bytes) => {
    const event = parseEvent(subject, bytes);
    await broker.store(event);
    broker.published.push(event);
  },
  subscribe: () => ({ close: async () => {} }),
  undeliveredMs: async () => 0,
  storedBytes: async () => 0,
  watch: () => ({ close: async () => {} }),
  logs: [],
  close: async () => {},
};

const relays: OutboxRelay[] = [];

export function startRelay(options?: RelayOptions): OutboxRelay {
  const relay = new OutboxRelay(database, bus, options);
  relays.push(relay);
  relay.start();
  return relay;
}

/** After each test, stops its relays and restores the broker. */
export function useRelays(): void {
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    Object.assign(broker, { isThere: true, store: async () => {}, published: [] });
  });
}

export async function saveSampleWithVersions(count: number): Promise<Sample> {
  const sample = await saveSample();
  for (let version = 1; version < count; version++) {
    sample.reprice(10 + version);
    await sample.save();
  }
  return sample;
}

export const publishedVersions = (id: string): unknown[] =>
  broker.published
    .filter(({ subject }) => subject === id)
    .map(({ data }) => ("version" in data ? data.version : undefined));

/** The number of aggregates with unpublished events. */
export const countUnpublished = (): Promise<number> =>
  Sample.countDocuments({ "outbox.0": trusted({ $exists: true }) }).exec();

/** Stores samples with one stale event each, as killed processes leave them. */
export async function saveStale(count: number): Promise<void> {
  const sample = (await saveSample()).toObject();
  const time = new Date(clock.now() - 10_000).toISOString();
  const documents = Array.from({ length: count }, () => {
    const _id = new Types.ObjectId();
    const data = { ...sample.outbox[0].data, id: _id.toHexString() };
    return {
      ...sample,
      _id,
      outbox: [{ ...sample.outbox[0], id: randomUUID(), subject: data.id, time, data }],
    };
  });
  await Sample.deleteMany();
  await Sample.collection.insertMany(documents);
}

/** Suspends code at a failpoint until it is opened. */
export function parkAt(place: string): { reached: Promise<void>; open: () => void } {
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
