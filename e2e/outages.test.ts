import { setTimeout as wait } from "node:timers/promises";
import type { EventData } from "@eventhive/common";
import { Redis } from "ioredis";
import type { StackProcess } from "../infra/local/stack-file";
import { type Answer, type Order, type Ticket, bodyOf, person } from "./client";
import { readEventLog } from "./event-log";
import { eventually } from "../common/test/eventually";
import { heard, orderOf, ticketOnSale } from "./market";
import { kill, serviceProcesses, signal, stackFile, start, stop } from "./stack";
import { stackViolations } from "./stack-violations";

let before: StackProcess[];
let redis: Redis;
beforeEach(() => {
  before = serviceProcesses();
  redis = new Redis(stackFile().servers.redis, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined); // outages are part of the test
});
afterEach(async () => {
  redis.disconnect();
  expect(await stackViolations()).toEqual([]);
  expect(serviceProcesses()).toEqual(before); // no service has minded: the same pids, and no restarts
});

const milliseconds = (isoTime: string) => new Date(isoTime).getTime();
const wordsOf = ({ id, version, title, price }: EventData<"ticket:created">) =>
  [id, version, title, price].join(" ");
const hasTimer = async ({ id }: Order) => (await redis.exists(`bull:order-expirations:${id}`)) === 1;

it("sells, reserves and charges while the broker is down for 30 s, and publishes everything afterwards", async () => {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const known = await Promise.all(Array.from({ length: 20 }, () => ticketOnSale(seller)));
  const charged = await orderOf(buyer, await ticketOnSale(seller));
  const end = performance.now() + 30_000;
  signal("nats", "SIGSTOP"); // it hangs before it is killed

  expect(await buyer.pay(charged)).toMatchObject({ status: 202, body: { state: "charged" } });
  const sold: Ticket[] = [];
  const reserved: Order[] = [];
  for (const ticket of known) {
    sold.push(await bodyOf(seller.sell("Sold in silence", 20)));
    reserved.push(await bodyOf(buyer.order(ticket)));
  }
  const [first] = reserved;
  if (!first) throw new Error("nothing was reserved");
  await eventually(
    async () => expect(await bodyOf(buyer.showOrder(first))).toMatchObject({ status: "cancelled" }),
    { withinSeconds: 15 }, // expiration cannot reach orders
  );
  signal("nats", "SIGKILL");
  await stop("nats"); // so that the runner does not start it again yet
  while (performance.now() < end) {
    sold.push(await bodyOf(seller.sell("Sold in silence", 20)));
    await wait(100);
  }
  await start("nats");
  // The broker also delivers to connections that it lost, and redelivers elsewhere only some seconds later.
  expect(await stackViolations({ withinSeconds: 60 })).toEqual([]);
  for (const ticket of sold) await heard("orders", "tickets", ticket);
  for (const order of reserved) await heard("payments", "orders", order);
}, 150_000);

it("lets orders expire, at most 10 s late, when Redis has lost everything", async () => {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const order = await orderOf(buyer, await ticketOnSale(seller));
  await eventually(async () => expect(await hasTimer(order)).toBe(true));
  await redis.flushall();

  const next = await orderOf(buyer, await ticketOnSale(seller));
  await eventually(async () => expect(await hasTimer(next)).toBe(true));
  for (const { id, expiresAt } of [order, next]) {
    const restSeconds = (milliseconds(expiresAt) - Date.now()) / 1000;
    await eventually(
      async () => expect(await bodyOf(buyer.showOrder({ id }))).toMatchObject({ status: "cancelled" }),
      { withinSeconds: restSeconds + 10 },
    );
  }
});

it("keeps the timers of orders when Redis is killed", async () => {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const order = await orderOf(buyer, await ticketOnSale(seller));
  await eventually(async () => expect(await hasTimer(order)).toBe(true));
  await kill("redis");
  expect(await hasTimer(order)).toBe(true);

  const log = await readEventLog(stackFile().servers.nats);
  await eventually(() => {
    const due = log.events.filter(({ type }) => type === "expiration:complete");
    expect(due.map(({ subject }) => subject)).toContain(order.id);
  });
  await log.close();
});

it("answers 503 while MongoDB is frozen, never 504, and has kept every promise afterwards", async () => {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const tickets = await Promise.all(Array.from({ length: 5 }, () => ticketOnSale(seller)));
  signal("mongo", "SIGSTOP");
  const refusals = await Promise.all(
    tickets.flatMap((ticket): Promise<Answer<unknown>>[] => [
      buyer.ticket(ticket),
      buyer.order(ticket),
      buyer.orders(),
      seller.sell("Sold to a frozen store", 20),
      seller.edit(ticket, { title: "Edited in a frozen store", price: 21 }),
    ]),
  ).finally(() => signal("mongo", "SIGCONT"));
  expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([503]));
  expect(refusals.filter(({ headers }) => !headers.has("retry-after"))).toEqual([]);

  await eventually(async () => expect((await seller.sell("Sold afterwards", 20)).ok).toBe(true), {
    withinSeconds: 30,
  });
}, 60_000);

it("answers 503 while MongoDB is down, and has kept every promise after it was killed", async () => {
  const promised: Ticket[] = [];
  const ordered: Order[] = [];
  const refusals: Answer<unknown>[] = [];
  let isOver = false;
  const keep = async <Body>(answer: Promise<Answer<Body>>, promises: Body[]) => {
    const given = await answer;
    if (given.ok) promises.push(given.body);
    else refusals.push(given);
    return given;
  };
  const trade = async () => {
    const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
    while (!isOver) {
      const { ok, body: ticket } = await keep(seller.sell("Kept", 20), promised);
      if (!ok) continue;
      await keep(seller.edit(ticket, { title: "Kept and edited", price: 21 }), promised);
      await keep(buyer.order(ticket), ordered); // 404 when orders has not heard of it yet
    }
  };
  const trading = Promise.all(Array.from({ length: 5 }, trade));
  const tradesAgain = async () => {
    const many = promised.length + 50;
    await eventually(() => expect(promised.length).toBeGreaterThan(many), { withinSeconds: 30 });
  };
  await tradesAgain();
  signal("mongo", "SIGKILL");
  await stop("mongo"); // and not started again yet
  await eventually(() => expect(refusals.filter(({ status }) => status === 503).length).toBeGreaterThan(20));
  await start("mongo");
  await tradesAgain();
  isOver = true;
  await trading;

  const broken = refusals.filter(({ status }) => status >= 500);
  expect(new Set(broken.map(({ status }) => status))).toEqual(new Set([503]));
  expect(broken.filter(({ headers }) => !headers.has("retry-after"))).toEqual([]);
  const log = await readEventLog(stackFile().servers.nats);
  await eventually(() => {
    const published = new Set(log.events.map(({ data }) => "title" in data && wordsOf(data)));
    expect(promised.filter((ticket) => !published.has(wordsOf(ticket)))).toEqual([]);
  });
  await log.close();
  for (const order of ordered) await heard("payments", "orders", order);
});
