import type { mongo } from "mongoose";
import { mongoStore } from "./store";
import { Sample, database, saveSample, storedOutbox, useSamples } from "../../test/sample";
import { MemoryBroker, eventBytes, newId, newIds } from "../testing";
import { eventually } from "../testing/eventually";
import { listener } from "../messaging/listener";
import { countUnpublished, parkAt } from "../../test/relay";
import { Runtime } from "./runtime";
import type { ServiceDefinition } from "./service-definition";
import { runPeriodically } from "../base/sweep";

useSamples();

let steps: string[];
let broker: MemoryBroker;
beforeEach(() => {
  steps = [];
  broker = new MemoryBroker();
});

/** Runs a service on the samples. Closing the store is only recorded, because the next test needs it. */
function start(definition: Partial<ServiceDefinition>): Runtime {
  const close = async () => void steps.push("store closed");
  const bus = broker.connect("samples");
  const runtime = new Runtime(
    { name: "samples", store: { database }, ...definition },
    { ...mongoStore(database), close },
    bus,
  );
  runtime.start();
  return runtime;
}

const publish = () =>
  broker
    .connect("expiration")
    .publish("expiration:complete", eventBytes("expiration:complete", { orderId: newId() }), newIds());

it("handles events in flight and publishes their effects before it closes bus and store", async () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  let reach = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const slow = listener("expiration:complete", async () => {
    reach();
    await opened;
    await saveSample();
    steps.push("event handled");
  });
  const runtime = start({ listeners: [slow] });
  await publish();
  await reached;
  const stopped = runtime.stop();
  open();
  await stopped;
  expect(broker.published("ticket:created")).toHaveLength(1);
  expect([steps, await countUnpublished()]).toEqual([["event handled", "store closed"], 0]);
});

it("handles an event again if another member became the primary meanwhile", async () => {
  const becomePrimary = () => {
    const change = { previousDescription: { type: "RSSecondary" }, newDescription: { type: "RSPrimary" } };
    database.getClient().emit("serverDescriptionChanged", change as mongo.ServerDescriptionChangedEvent);
  };
  let count = 0;
  const counting = listener("expiration:complete", async () => {
    count += 1;
    if (count < 3) becomePrimary();
  });
  const runtime = start({ listeners: [counting] });
  await publish();
  await eventually(() => expect(count).toBe(3));
  await runtime.stop();
  expect(count).toBe(3);
});

it("stops workers and sweeps, and publishes their events", async () => {
  const sweep = runPeriodically(60_000, async () => {
    await saveSample();
    steps.push("swept");
  });
  const worker = {
    start: () => steps.push("worker started"),
    stop: async () => void steps.push("worker stopped"),
  };
  const runtime = start({ sweeps: [sweep], workers: [worker] });
  await runtime.stop();
  expect(steps.toSorted()).toEqual(["store closed", "swept", "worker started", "worker stopped"]);
  expect(steps.at(-1)).toBe("store closed");
  expect(broker.published("ticket:created")).toHaveLength(1);
});

it("publishes saved events before it closes bus and store", async () => {
  const parked = parkAt("samples.publish.before");
  const runtime = start({});
  await saveSample();
  await parked.reached;
  const stopped = runtime.stop();
  await Sample.countDocuments(); // time enough to close
  const closedEarly = [...steps];
  parked.open();
  await stopped;
  expect([closedEarly, steps]).toEqual([[], ["store closed"]]);
  expect(broker.published("ticket:created")).toHaveLength(1);
});

it("stops while the broker is unavailable, and leaves the events to the next process", async () => {
  broker.stop();
  const runtime = start({});
  const { id } = await saveSample();
  await runtime.settled();
  await runtime.stop();
  expect(await storedOutbox(id)).toHaveLength(1);

  broker.start();
  const next = start({});
  await next.settled();
  expect(broker.published("ticket:created")).toHaveLength(1);
  await next.stop();
});
