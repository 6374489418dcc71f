import { eventually } from "../testing/eventually";
import { readLog } from "../testing/read-log";
import { MemoryBroker, newIds } from "../testing";
import { combinedBus } from "./combined-bus";
import type { EventBus } from "./event-bus";

let one: MemoryBroker;
let other: MemoryBroker;
let bus: EventBus;

beforeEach(() => {
  [one, other] = [new MemoryBroker(), new MemoryBroker()];
  bus = combinedBus(one.connect("orders"), other.connect("orders"));
});
afterEach(() => bus.close());

const publish = (to: EventBus, text: string) => to.publish("ticket:created", Buffer.from(text), newIds());
const publishOn = (broker: MemoryBroker, text: string) => publish(broker.connect("tickets"), text);

it("publishes on the first broker, whether or not the other is available", async () => {
  other.stop();
  await publish(bus, "a");
  expect(one.published().map(({ bytes }) => bytes.toString())).toEqual(["a"]);
  expect(bus.isConnected).toBe(true);
  other.start();
  one.stop();
  await expect(publish(bus, "b")).rejects.toThrow("unavailable");
  expect(bus.isConnected).toBe(false);
  expect(other.published()).toEqual([]);
});

it("delivers and shows the events of both brokers until it is closed", async () => {
  const handled: string[] = [];
  const seen: string[] = [];
  const subscription = bus.subscribe("ticket:created", async ({ bytes }) => void handled.push(String(bytes)));
  const watching = bus.watch("ticket:created", ({ bytes }) => void seen.push(String(bytes)));
  await publishOn(one, "a");
  await publishOn(other, "b");
  await eventually(() => {
    expect(handled.toSorted()).toEqual(["a", "b"]);
    expect(seen.toSorted()).toEqual(["a", "b"]);
  });
  await Promise.all([subscription.close(), watching.close()]);
  for (const broker of [one, other]) await publishOn(broker, "c");
  const successor = combinedBus(other.connect("orders"), one.connect("orders"));
  const handledLater: string[] = [];
  successor.subscribe("ticket:created", async ({ bytes }) => void handledLater.push(String(bytes)));
  await eventually(() => expect(handledLater).toEqual(["c", "c"]));
  expect([handled.length, seen.length]).toEqual([2, 2]);
});

it("reads the logs of both brokers", async () => {
  await publishOn(one, "a");
  await publishOn(other, "b");
  const texts: string[] = [];
  for await (const batch of readLog(bus, "ticket:created"))
    texts.push(...batch.map(({ bytes }) => bytes.toString()));
  expect(texts).toEqual(["a", "b"]);
});

it("reports the longest wait and the fuller store of both brokers", async () => {
  expect(await bus.undeliveredMs("ticket:created")).toBe(0);
  await publishOn(other, "b");
  await eventually(async () => expect(await bus.undeliveredMs("ticket:created")).toBeGreaterThan(10));
  expect(await bus.storedBytes()).toBe(1);
});

it("reports no wait while one of the brokers is unavailable", async () => {
  other.stop();
  await expect(bus.undeliveredMs("ticket:created")).rejects.toThrow("a broker is unavailable");
});
