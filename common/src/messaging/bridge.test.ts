import { randomBytes } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectToNats, nanos } from "@nats-io/transport-node";
import { seconds } from "../base/clock";
import type { Subject } from "../contract/events";
import { eventually } from "../testing/eventually";
import { startJetStreamBroker } from "../../test/jetstream-broker";
import { startNatsBroker } from "../../test/nats-broker";
import { readLog } from "../testing/read-log";
import { newIds } from "../testing";
import { bridge } from "./bridge";
import type { EventBus } from "./event-bus";
import { jetStreamBus } from "./jetstream/bus";
import { streamName } from "../contract/jetstream-names";
import { ensureStream } from "./jetstream/stream";
import { natsStreamingBus } from "./nats-streaming/bus";

jest.setTimeout(seconds(60));

let oldBroker: Awaited<ReturnType<typeof startNatsBroker>>;
let newBroker: Awaited<ReturnType<typeof startJetStreamBroker>>;
let buses: EventBus[];
/** On NATS Streaming and on JetStream. */
let older: EventBus;
let newer: EventBus;

beforeEach(async () => {
  buses = [];
  [oldBroker, newBroker] = await Promise.all([startNatsBroker(), startJetStreamBroker()]);
  [older, newer] = await connect("tickets");
});
afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await Promise.all([oldBroker.remove(), newBroker.remove()]);
});

async function connect(name: string): Promise<[EventBus, EventBus]> {
  const options = { name, ackWaitSeconds: 1 };
  const { monitorUrl } = oldBroker;
  const clusterId = "eventhive";
  const both: [EventBus, EventBus] = [
    natsStreamingBus({ ...options, url: oldBroker.url(), monitorUrl, clusterId, emptyAfterMs: 200 }),
    jetStreamBus({ ...options, url: newBroker.url() }),
  ];
  buses.push(...both);
  await eventually(() => expect(both.map(({ isConnected }) => isConnected)).toEqual([true, true]));
  return both;
}

async function startBridge() {
  const [fromOld, fromNew] = await connect("bridge");
  bridge(fromOld, fromNew);
  return {
    /** Resolves when everything that is stored now was copied, and what came back was handled, too. */
    settled: async () => {
      // NATS Streaming reports a wait from the second call on.
      for (const bus of [fromNew, fromOld, fromOld, fromNew])
        await eventually(async () => expect(await bus.undeliveredMs("ticket:created")).toBe(0));
    },
    close: async () => {
      await Promise.all([fromOld.close(), fromNew.close()]);
    },
  };
}

function event(text: string) {
  const ids = newIds();
  return { ids, bytes: Buffer.from(JSON.stringify({ id: ids.id, subject: ids.aggregateId, text })) };
}

const publish = (
  bus: EventBus,
  { bytes, ids }: ReturnType<typeof event>,
  subject: Subject = "ticket:created",
) => bus.publish(subject, bytes, ids);

async function stored(bus: EventBus, subject: Subject = "ticket:created"): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of readLog(bus, subject))
    all.push(...batch.map(({ bytes }) => bytes.toString("base64")));
  return all.toSorted();
}

const inBase64 = (...events: { bytes: Buffer }[]) =>
  events.map(({ bytes }) => bytes.toString("base64")).toSorted();

/** JetStream recognizes an event that is published again for 100 ms only. */
async function shortenWindow(): Promise<void> {
  const client = await connectToNats({ servers: newBroker.url() });
  const manager = await jetstreamManager(client);
  await ensureStream({ manager, replicas: 1 });
  await manager.streams.update(streamName, { duplicate_window: nanos(100) });
  await client.close();
}

/** Resolves when what is stored now would not be recognized any more. */
async function windowPassed(): Promise<void> {
  const probe = event("probe");
  await eventually(async () => {
    await publish(newer, probe, "ticket:updated");
    expect((await stored(newer, "ticket:updated")).length).toBeGreaterThan(1);
  });
}

it("copies old and new events in both directions, byte for byte and once", async () => {
  const [a, b, c, d] = [event("a"), event("b"), event("c"), event("d")];
  await publish(older, a);
  await publish(newer, b);
  const { settled } = await startBridge();
  await publish(older, c);
  await publish(newer, d);
  await settled();
  expect(await stored(older)).toEqual(inBase64(a, b, c, d));
  expect(await stored(newer)).toEqual(inBase64(a, b, c, d));
});

it("copies messages that are not events", async () => {
  const address = Buffer.from(JSON.stringify({ id: "a\nb", subject: "*.>" }));
  const messages = [randomBytes(100), Buffer.from("null"), address].map((bytes) => ({
    bytes,
    ids: newIds(),
  }));
  for (const message of messages) await publish(older, message);
  const fromNew = { bytes: randomBytes(100), ids: newIds() };
  await publish(newer, fromNew);
  const { settled } = await startBridge();
  await settled();
  const all = inBase64(...messages, fromNew);
  expect(await stored(older)).toEqual(all);
  expect(new Set(await stored(newer))).toEqual(new Set(all));
});

it("does not copy an event again that comes back too late to be recognized", async () => {
  await shortenWindow();
  const [a, b] = [event("a"), event("b")];
  await publish(newer, a);
  await windowPassed();
  const { settled } = await startBridge();
  await publish(older, b);
  await settled();
  expect(await stored(older)).toEqual(inBase64(a, b));
  expect(await stored(newer)).toEqual(inBase64(a, a, b));
});

it("continues where it stopped", async () => {
  await shortenWindow();
  const [a, b, c] = [event("a"), event("b"), event("c")];
  await publish(older, a);
  const first = await startBridge();
  await first.settled();
  await first.close();
  await windowPassed();
  await publish(older, b);
  await publish(newer, c);
  const second = await startBridge();
  await second.settled();
  expect(new Set(await stored(older))).toEqual(new Set(inBase64(a, b, c)));
  expect((await stored(newer)).filter((one) => inBase64(a, b).includes(one))).toEqual(inBase64(a, b));
});

it("loses nothing when the brokers are killed while it copies", async () => {
  const events = Array.from({ length: 400 }, (_, index) => event(`${index}`));
  await startBridge();
  const publishing = Promise.all(
    events.map((one, index) =>
      eventually(() => publish(index % 2 === 0 ? older : newer, one), { withinSeconds: 20 }),
    ),
  );
  for (const broker of [oldBroker, newBroker]) {
    await broker.stop();
    await broker.start();
  }
  await publishing;
  const all = new Set(inBase64(...events));
  for (const bus of [older, newer])
    await eventually(async () => expect(new Set(await stored(bus))).toEqual(all), { withinSeconds: 20 });
});
