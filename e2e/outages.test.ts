import { randomUUID } from "node:crypto";
import type { EventData } from "@eventhive/common";
import { Redis } from "ioredis";
import type { Document } from "../common/test/documented-responses";
import type { StackProcess } from "../infra/local/stack-file";
import { databaseServices } from "../infra/services";
import { type Order, type Ticket, bodyOf, newUser } from "./client";
import type { ApiResponse } from "./request";
import { readEventLog } from "./event-log";
import { eventually } from "../common/src/testing/eventually";
import { replicated, orderOf, ticketOnSale } from "./setup";
import { freeze, kill, serviceProcesses, signal, stackFile, start, stop, untilReached } from "./stack";
import { stackViolations } from "./stack-violations";

let before: StackProcess[];
let redis: Redis;
beforeEach(async () => {
  await Promise.all(databaseServices.map(untilReached)); // again, after the previous outage
  before = serviceProcesses();
  redis = new Redis(stackFile().servers.redis, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined); // outages are part of the test
});
afterEach(async () => {
  redis.disconnect();
  expect(await stackViolations()).toEqual([]);
  expect(serviceProcesses()).toEqual(before); // no service was affected: same pids, no restarts
});

const milliseconds = (isoTime: string) => new Date(isoTime).getTime();
const wordsOf = ({ id, version, title, price }: EventData<"ticket:created">) =>
  [id, version, title, price].join(" ");
const hasTimer = async ({ id }: Order) => (await redis.exists(`bull:order-expirations:${id}`)) === 1;

it("expires orders at most 10 s late when Redis has lost its data", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
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
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
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

it("responds with 503, never 504, while MongoDB is frozen, and loses no acknowledged write", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const tickets = await Promise.all(Array.from({ length: 5 }, () => ticketOnSale(seller)));
  await freeze("mongo");
  const refusals = await Promise.all(
    tickets.flatMap((ticket): Promise<ApiResponse<unknown>>[] => [
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

it("responds to every documented operation after one timeout at most while MongoDB is frozen", async () => {
  const user = await newUser();
  const ticket = await ticketOnSale(await newUser("seller"));
  const order = await orderOf(user, ticket);
  const { paths } = await bodyOf(user.send<Document>("GET", "/api/openapi.json"));
  const operations = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.keys(byMethod).map((method): [string, string] => [method.toUpperCase(), path]),
  );
  const ids: Record<string, string> = { ticketId: ticket.id, orderId: order.id, userId: order.userId };
  // Of all operations: each ignores what is not its own.
  const input = {
    ticketId: ticket.id,
    title: "Sold to a frozen store",
    price: 20,
    version: 0,
    orderId: order.id,
    token: "tok_visa",
    reason: "Spam",
    email: `${randomUUID()}@example.com`,
    password: "correct horse",
    newPassword: "another horse",
  };
  async function respond([method, template]: [string, string]) {
    const begunAt = performance.now();
    const path = template.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? "");
    const query = path === "/api/tickets/stream" ? `?ids=${ticket.id}` : "";
    const { status, headers } = await user.send(
      method,
      path + query,
      method.startsWith("P") ? input : undefined,
    );
    const seconds = (performance.now() - begunAt) / 1000;
    return { operation: `${method} ${template}`, status, retryAfter: headers.has("retry-after"), seconds };
  }
  await freeze("mongo");
  const responses = await Promise.all(operations.map(respond)).finally(() => signal("mongo", "SIGCONT"));
  // The timeout of a database operation is 4 s. A second one would end after 8 s; the rest is for a busy machine.
  expect(responses.filter(({ seconds }) => seconds >= 8)).toEqual([]);
  const unavailable = responses.filter(({ status }) => status === 503);
  expect(unavailable.filter(({ retryAfter }) => !retryAfter)).toEqual([]);
  // The others need no database: the session is enough to refuse or to sign out.
  expect(responses.filter(({ status }) => status >= 500 && status !== 503)).toEqual([]);
  expect(unavailable.length).toBeGreaterThanOrEqual(15);
}, 60_000);

it("responds with 503 while MongoDB is down after a kill, and loses no acknowledged write", async () => {
  const promised: Ticket[] = [];
  const ordered: Order[] = [];
  const refusals: ApiResponse<unknown>[] = [];
  let isOver = false;
  const keep = async <Body>(response: Promise<ApiResponse<Body>>, promises: Body[]) => {
    const given = await response;
    if (given.ok) promises.push(given.body);
    else refusals.push(given);
    return given;
  };
  const trade = async () => {
    const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
    while (!isOver) {
      const { ok, body: ticket } = await keep(seller.sell("Kept", 20), promised);
      if (!ok) continue;
      await keep(seller.edit(ticket, { title: "Kept and edited", price: 21 }), promised);
      await keep(buyer.order(ticket), ordered); // 404 while orders has no replica of it yet
    }
  };
  const trading = Promise.all(Array.from({ length: 5 }, trade));
  const tradesAgain = async () => {
    const many = promised.length + 50;
    await eventually(() => expect(promised.length).toBeGreaterThan(many), { withinSeconds: 30 });
  };
  await tradesAgain();
  signal("mongo", "SIGKILL");
  await stop("mongo"); // keeps the runner from restarting it
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
  for (const order of ordered) await replicated("payments", "orders", order);
});
