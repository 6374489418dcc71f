import type { EventBus } from "@eventhive/common";
import { natsStreamingBus } from "../../common/src/messaging/nats-streaming/bus";
import { newIds } from "../../common/src/testing";
import { newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { stackFile } from "../stack";
import { startStore, kubectl, rolledOut, stopStore } from "./cluster";
import { type Prometheus, startPrometheus } from "./prometheus";

// Takes minutes, because alerts do. Runs only if ALERTS is set.

let prometheus: Prometheus;
const buses: EventBus[] = [];

beforeAll(async () => {
  await rolledOut();
  prometheus = await startPrometheus();
}, 300_000);

afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await startStore("auth-mongo");
  await prometheus.stop();
}, 180_000);

const outages = [
  { alertname: "StoreDown", app: "auth" },
  { alertname: "EventLagHigh", app: "orders", subject: "ticket:created" },
  { alertname: "DeadLetters", app: "orders" },
];

it("raises lasting alerts for a killed database, a consumer without events and a dead letter, and resolves them", async () => {
  const seller = await newUser("seller");
  await eventually(async () => expect(await prometheus.query("sum(store_ready)")).toEqual([10]), {
    withinSeconds: 90,
  });
  expect(await firingOfThose()).toEqual([]);

  const begin = performance.now();
  const stopBeingDeaf = await joinDeafly("orders");
  for (let ticket = 0; ticket < 20; ticket++) await seller.sell(`Undelivered ${ticket}`, 20);
  await (await connect("stranger")).publish("expiration:complete", Buffer.from("not our JSON"), newIds());
  await stopStore("auth-mongo");
  const fires = await timesOf((firing) => outages.filter((one) => firing.some(matches(one))), begin);
  expect(await firingOfThose()).toHaveLength(3);

  const end = performance.now();
  await stopBeingDeaf();
  const list = await deadLetters("list");
  for (const [id = ""] of list.matchAll(/^[0-9a-f]{24}/gm)) await deadLetters("discard", id);
  await startStore("auth-mongo");
  const resolves = await timesOf((firing) => outages.filter((one) => !firing.some(matches(one))), end);
  for (const [index, { alertname }] of outages.entries())
    console.log(`${alertname}: fires after ${fires[index]} s, resolves after ${resolves[index]} s`);
}, 900_000);

const matches = (wanted: object) => (labels: object) =>
  Object.entries(wanted).every(([name, value]) => Reflect.get(labels, name) === value);

async function firingOfThose(): Promise<object[]> {
  const firing = await prometheus.firing();
  return outages.filter((outage) => firing.some(matches(outage)));
}

/** The seconds after which `select` included each of them. */
async function timesOf(select: (firing: object[]) => object[], since: number): Promise<number[]> {
  const times: (number | undefined)[] = outages.map(() => undefined);
  await eventually(
    async () => {
      const selected = select(await prometheus.firing());
      for (const [index, outage] of outages.entries())
        if (selected.includes(outage)) times[index] ??= Math.round((performance.now() - since) / 1000);
      expect(selected).toEqual(outages);
    },
    { withinSeconds: 360, intervalMs: 1000 },
  );
  return times.map(Number);
}

async function connect(name: string): Promise<EventBus> {
  const bus = natsStreamingBus({
    url: stackFile().servers.nats,
    clusterId: "eventhive",
    name,
    ackWaitSeconds: 3600,
  });
  buses.push(bus);
  await eventually(() => expect(bus.isConnected).toBe(true));
  return bus;
}

/** A consumer that receives its share of events and never handles one. */
async function joinDeafly(service: string): Promise<() => Promise<void>> {
  let end = () => {};
  const ended = new Promise<void>((_, reject) => (end = () => reject(new Error("not handled"))));
  ended.catch(() => {});
  const bus = await connect(service);
  bus.subscribe("ticket:created", () => ended);
  return async () => {
    end();
    await bus.close(); // the broker redelivers unacknowledged events to the others immediately
  };
}

const deadLetters = (...action: string[]) =>
  kubectl("exec", "deployment/orders", "--", "node", "dist/index.js", "dead-letters", ...action);
