import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Order, bodyOf, newUser } from "./client";
import type { ApiResponse } from "./request";
import { eventually } from "../common/src/testing/eventually";
import { replicated, orderOf, ticketOnSale } from "./setup";
import { card, ledger } from "./stack";
import { stackViolations } from "./stack-violations";

const times = <Result>(count: number, work: (n: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

function at<Item>(items: Item[], n: number): Item {
  const item = items[n];
  if (item === undefined) throw new RangeError(`There are only ${items.length}`);
  return item;
}

/** Counts responses by status and code, such as `{ "201": 1, "400 ticket-reserved": 199 }`. */
function tally(responses: ApiResponse<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { ok, status, body } of responses) {
    const response = ok ? `${status}` : `${status} ${body.code}`;
    counts[response] = (counts[response] ?? 0) + 1;
  }
  return counts;
}

/** In the order of their creation. */
function ordersOf(responses: ApiResponse<Order>[]): Order[] {
  const orders = new Map(responses.flatMap(({ ok, body }) => (ok ? [[body.id, body]] : [])));
  return [...orders.values()].toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
}

let seller: Client;
let buyers: Client[];

beforeAll(async () => {
  seller = await newUser("seller");
  buyers = await times(50, () => newUser("buyer"));
});

const buyer = (n: number): Client => at(buyers, n % buyers.length);

it("sells a ticket to one of 50 concurrent buyers, each of whom sends four parallel requests", async () => {
  const ticket = await ticketOnSale(seller);
  const responses = await times(200, (n) => buyer(n).order(ticket));
  const {
    "201": won = 0,
    "400 ticket-reserved": refused = 0,
    "409 reservation-ending": late = 0,
  } = tally(responses);
  const orders = ordersOf(responses);
  expect(won).toBeGreaterThan(0);
  expect(won + late + refused).toBe(200);
  expect(won + late).toBeLessThanOrEqual(4 * orders.length);
  // On a slow machine, the first reservation ends before the last request, and another buyer wins.
  expect(orders.filter(({ createdAt }, n) => n > 0 && createdAt < at(orders, n - 1).expiresAt)).toEqual([]);
});

it("returns the same order for 20 concurrent requests of one buyer", async () => {
  const ticket = await ticketOnSale(seller);
  const responses = await times(20, () => buyer(0).order(ticket));
  expect(tally(responses)).toEqual({ "201": 20 });
  expect(ordersOf(responses)).toHaveLength(1);
});

it("charges once for 20 concurrent payments with different tokens", async () => {
  const order = await orderOf(buyer(0), await ticketOnSale(seller));
  const tokens = await times(20, () => card());
  const responses = await Promise.all(tokens.map((token) => buyer(0).pay(order, token)));

  const { "201": paid, "400 payment-in-progress": early = 0, "400 order-paid": late = 0 } = tally(responses);
  expect({ paid, refused: early + late }).toEqual({ paid: 1, refused: 19 });
  const { charges } = await ledger();
  expect(charges.filter(({ metadata }) => metadata.orderId === order.id)).toMatchObject([{ captured: true }]);
});

it("accepts one of 50 concurrent sign-ups whose emails differ only in case", async () => {
  const run = randomUUID();
  const spelled = (n: number) =>
    "marina".replace(/./g, (letter, at) => ((n >> at) % 2 ? letter.toUpperCase() : letter));
  const responses = await times(50, (n) =>
    new Client().signUp({ email: `${spelled(n)}-${run}@example.com`, password: "correct horse" }),
  );
  expect(tally(responses)).toEqual({ "201": 1, "400 email-in-use": 49 });
});

it("accepts or rejects each of 10 concurrent edits of a ticket, and replicates the last one", async () => {
  let conflicts = 0;
  await times(10, async () => {
    const ticket = await ticketOnSale(seller);
    const responses = await times(10, (n) => seller.edit(ticket, { title: `Edit ${n}`, price: 10 + n }));
    const { "200": accepted = 0, "409 changed": refused = 0 } = tally(responses);
    expect(accepted + refused).toBe(10);
    conflicts += refused;

    const last = await bodyOf(seller.ticket(ticket));
    expect(last.version).toBe(accepted);
    const { version, title, price } = last;
    expect(await replicated("orders", "tickets", last)).toMatchObject({ version, title, price });
  });
  expect(conflicts).toBeGreaterThan(0);
});

/** Where an order has ended. A PaymentIntent payment is answered a moment before that. */
const endOf = (buyer: Client, order: Order): Promise<string> =>
  eventually(async () => {
    const { status } = await bodyOf(buyer.showOrder(order));
    expect(["complete", "cancelled"]).toContain(status);
    return status;
  });

/** Under load there may be other responses, which only guarantee the invariants. */
const isDecided = ({ status }: ApiResponse<unknown>) => status === 201 || status === 400;

it("accepts either the payment or the cancellation when both are concurrent, 100 times", async () => {
  const outcomes = new Set<string>();
  let maxPaymentMs = 100;
  for (let round = 0; round < 5; round++) {
    const reserved = await times(20, async (n) => {
      const order = await orderOf(buyer(n), await ticketOnSale(seller));
      return { order, token: await card(), cancelAfter: (maxPaymentMs * n) / 20 };
    });
    await times(20, async (n) => {
      const { order, token, cancelAfter } = at(reserved, n);
      const start = performance.now();
      const payment = buyer(n).pay(order, token);
      await wait(cancelAfter);
      const cancellation = await buyer(n).cancel(order);
      const paid = await payment;
      maxPaymentMs = Math.max(maxPaymentMs, performance.now() - start);
      const status = await endOf(buyer(n), order);
      if (isDecided(paid)) outcomes.add(`paid ${paid.status}, cancelled ${cancellation.status}: ${status}`);
    });
  }
  expect([...outcomes].toSorted()).toEqual([
    "paid 201, cancelled 400: complete",
    "paid 400, cancelled 204: cancelled",
  ]);
});

it("accepts either the payment or the expiry when a payment arrives just before it, 100 times", async () => {
  const outcomes = new Set<string>();
  let earliestMs = 1000; // before the expiry; the machine may need longer for a payment
  for (let round = 0; round < 4; round++) {
    const tickets = await times(25, () => ticketOnSale(seller));
    const tokens = await times(25, () => card());
    await times(25, async (n) => {
      const order = await eventually(() => orderOf(buyer(n), at(tickets, n))); // 503 beyond the capacity of a small cluster
      const before = earliestMs * (n / 25) ** 3; // most of them just before the expiry
      await wait(Math.max(0, new Date(order.expiresAt).getTime() - before - Date.now()));
      const start = performance.now();
      const paid = await buyer(n).pay(order, at(tokens, n));
      earliestMs = Math.max(earliestMs, 2 * (performance.now() - start));
      const status = await endOf(buyer(n), order);
      if (isDecided(paid)) outcomes.add(`paid ${paid.status}: ${status}`);
    });
  }
  expect([...outcomes].toSorted()).toEqual(["paid 201: complete", "paid 400: cancelled"]);
});

it("keeps every invariant", async () => {
  expect(await stackViolations()).toEqual([]);
});
