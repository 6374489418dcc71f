import { clock, onFailpoint, parseEvent, seconds, withContext } from "@eventhive/common";
import { MemoryBroker, deliver, eventBytes, newId } from "@eventhive/common/testing";
import { eventually } from "../../common/src/testing/eventually";
import { expirationComplete, expirationWorker } from "./expirations";
import { Redis } from "ioredis";
import { orderCancelled, orderCompleted } from "./listeners/order-ended";
import { orderCreated } from "./listeners/order-created";
import { expirationDelay } from "./metrics";

const broker = new MemoryBroker();
const redis = new Redis(String(process.env.REDIS_URL));

beforeAll(() => {
  expirationComplete.connect(broker.connect("expiration"), "expiration");
  expirationWorker.start();
});

afterAll(async () => {
  await expirationWorker.stop();
  redis.disconnect();
});

/** The Bull job of an order's timer. */
const timerOf = (orderId: string) => redis.hgetall(`bull:order-expirations:${orderId}`);

const orderThatEnds = (inMs: number) => ({
  id: newId(),
  version: 0,
  status: "created" as const,
  userId: newId(),
  expiresAt: new Date(clock.now() + inMs).toISOString(),
  ticket: { id: newId(), title: "Chamber music", price: 20, version: 0 },
});

/** Resolves when the failpoint is reached for the nth time. */
const reached = (expected: string, time = 1) =>
  new Promise<void>((resolve) => {
    let left = time;
    onFailpoint((name) => {
      if (name === expected && --left === 0) resolve();
    });
  });

afterEach(() => onFailpoint(undefined));

const expirationsOf = (orderId: string) =>
  broker
    .published("expiration:complete")
    .map(({ bytes }) => parseEvent("expiration:complete", bytes))
    .filter(({ data }) => data.orderId === orderId);

/** Resolves with the time at which the expiration was published. */
async function expired(orderId: string): Promise<number> {
  await eventually(() => expect(expirationsOf(orderId)).not.toEqual([]), soon);
  return clock.now();
}

const soon = { withinSeconds: 20, intervalMs: 5 };

async function sumOfDelays(): Promise<number> {
  const { values } = await expirationDelay.get();
  return values.find(({ metricName }) => metricName === "expiration_delay_seconds_sum")?.value ?? 0;
}

it("publishes the expiration of an order when it is due, and not before", async () => {
  const order = orderThatEnds(300);
  await deliver(orderCreated, order);
  expect(await expired(order.id)).toBeGreaterThanOrEqual(Date.parse(order.expiresAt));
  expect(expirationsOf(order.id)).toMatchObject([{ source: "expiration", subject: order.id }]);
});

it("continues the trace of the order", async () => {
  const trace = "a".repeat(32);
  const order = orderThatEnds(100);
  await withContext({ traceparent: `00-${trace}-${"b".repeat(16)}-01` }, () => deliver(orderCreated, order));
  await expired(order.id);
  expect(expirationsOf(order.id)).toMatchObject([{ traceparent: expect.stringContaining(trace) }]);
});

it("publishes it once, even if the order is delivered twice", async () => {
  const [order, later] = [orderThatEnds(100), orderThatEnds(200)];
  await deliver(orderCreated, order);
  await deliver(orderCreated, later);
  await expired(later.id);
  expect(expirationsOf(order.id)).toHaveLength(1);
});

it("measures its delay", async () => {
  const before = await sumOfDelays();
  const order = orderThatEnds(-10_000);
  await deliver(orderCreated, order);
  await eventually(async () => expect((await sumOfDelays()) - before).toBeGreaterThanOrEqual(10), soon);
});

it("publishes it immediately if the order is delivered too late", async () => {
  const order = orderThatEnds(-10_000);
  await deliver(orderCreated, order);
  await expect(expired(order.id)).resolves.toBeGreaterThan(0);
});

it("retries until the broker has stored the event", async () => {
  const order = orderThatEnds(0);
  broker.stop();
  const repeated = reached("expiration.publish.before", 2);
  await orderCreated.handle(eventBytes("order:created", order)); // once: another delivery would schedule it again
  await repeated;
  expect(expirationsOf(order.id)).toEqual([]);
  broker.start();
  await expired(order.id);
});

it("leaves nothing that would prevent another timer of the order", async () => {
  const order = orderThatEnds(0);
  await deliver(orderCreated, order);
  await expired(order.id);
  const scheduledAgain = reached("expiration.publish.after");
  await deliver(orderCreated, order);
  await scheduledAgain;
  expect(expirationsOf(order.id).length).toBeGreaterThan(1);
});

it.each([
  ["cancelled", orderCancelled],
  ["completed", orderCompleted],
])("removes the timer of a %s order", async (_end, ended) => {
  const order = orderThatEnds(seconds(3600));
  await deliver(orderCreated, order);
  expect(await timerOf(order.id)).not.toEqual({});
  await deliver(ended, order);
  expect(await timerOf(order.id)).toEqual({});
});

it("keeps no timer of an order whose end was delivered first", async () => {
  const order = orderThatEnds(100);
  await deliver(orderCompleted, order);
  await deliver(orderCreated, order);
  await expired(order.id);
  await eventually(async () => expect(await timerOf(order.id)).toEqual({}), soon);
});

it("handles the end of an order whose expiration is being published", async () => {
  const order = orderThatEnds(0);
  let goOn = () => {};
  const published = new Promise<void>((resolve) => {
    onFailpoint(async (name) => {
      if (name !== "expiration.publish.before") return;
      resolve();
      await new Promise<void>((parked) => (goOn = parked));
    });
  });
  await deliver(orderCreated, order);
  await published;
  await deliver(orderCancelled, order);
  onFailpoint(undefined);
  goOn();
  await expired(order.id);
});

it("stores one stack trace per timer, however often the broker was unavailable", async () => {
  const order = orderThatEnds(0);
  broker.stop();
  const repeated = reached("expiration.publish.before", 4);
  await orderCreated.handle(eventBytes("order:created", order));
  await repeated;
  const { stacktrace = "[]", attemptsMade } = await timerOf(order.id);
  expect(Number(attemptsMade)).toBeGreaterThanOrEqual(3);
  expect(JSON.parse(stacktrace)).toHaveLength(1);
  broker.start();
  await expired(order.id);
});
