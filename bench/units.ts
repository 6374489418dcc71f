import { setTimeout as pause } from "node:timers/promises";
import { clock } from "@eventhive/common";
import { Redis } from "ioredis";
import type { mongo } from "mongoose";
import { eventually } from "../common/src/testing/eventually";
import { database, restartWith, stackFile } from "../e2e/stack";
import { type Flow, turns, useFlow } from "./flows";
import { load, rateOf } from "./load";
import { type PerProcess, cpuPerUnit, measureRest, untilIdle } from "./machine";
import type { Bench, Part } from "./part";
import { cell, perProcessRow, timesRow } from "./report";
import { create, createBy, eachOf, orderBy, payBy } from "./requests";
import { seedTickets } from "./seed";
import { roundRobin } from "./sign-up";

const connections = 8;
/** The stack of the other parts has long reservations, so that no order expires; short ones are set while expiry is measured. */
export const reservationSeconds = 3_600;
const shortReservationSeconds = 30;

/** CPU time of each process for one create, order, payment and expiry, including their effects. */
export const units: Part = async (bench) => {
  const { url, size, users } = bench;
  await measureRest();
  const perUnit = (work: () => Promise<unknown>) => cpuPerUnit(size.units, work);

  const seller = roundRobin(users);
  const titles = Array.from({ length: size.units }, (_, index) => `Benchmark ${index}`);
  const sendCreate = eachOf(titles, (title) => createBy(seller(), title));
  const creating = await perUnit(() => load(url, sendCreate, { connections }));

  let orders: Order[] = [];
  const ticketIds = await seedTickets(size.units);
  const ordering = await perUnit(async () => {
    orders = await placeOrders(bench, ticketIds);
  });
  const paying = await payRoundRobin(bench, orders);
  await checkPaid(orders);

  await setReservationTime(shortReservationSeconds);
  orders = await placeOrders(bench, await seedTickets(size.units));
  await lapseTogether(orders);
  const expiring = await perUnit(() => untilCancelled(orders));
  const alone = await delaysOf(orders);
  const together = await createDuringExpiry(bench);
  await setReservationTime(reservationSeconds);
  return {
    "CPU ms of each process per unit (sum without stripe, the sandbox)": [
      perProcessRow("create", creating, "4.2 / 3.2"),
      perProcessRow("order", ordering, "12.5 / 10"),
      perProcessRow("payment with a charge", paying.charges, "24 / 20"),
      perProcessRow("PaymentIntent payment", paying.intents, "sum ≤ 1.4 × with a charge"),
      perProcessRow("expiry", expiring, "15 / 12"),
    ],
    [`Expiry of ${size.units} orders that are due at the same moment`]: [
      timesRow("due → cancelled", alone, "p99 ≤ 250"),
      timesRow("due → cancelled, while tickets are created", together.delays, "p99 ≤ 250"),
    ],
    "Creating tickets": [
      { what: "rate while orders expire, of the rate before", share: cell(together.share), aim: "≥ 0.70" },
    ],
  };
};

interface Order {
  _id: mongo.ObjectId;
  userId: string;
  status: string;
  expiresAt: Date;
  changedAt: Date;
}

const stored = () => database("orders").collection<Order>("orders");

async function placeOrders({ url, users }: Bench, ticketIds: string[]): Promise<Order[]> {
  const buyer = roundRobin(users);
  const sendOrder = eachOf(ticketIds, (id) => orderBy(buyer(), id));
  await load(url, sendOrder, { connections });
  return stored()
    .find({ reserves: { $in: ticketIds } })
    .toArray();
}

/** Of each turn, the payments before this share are not measured: a process that has just started is slower. */
const warmUpShare = 0.2;

/** CPU time of each process for one payment, by the flow. */
async function payRoundRobin({ url, users }: Bench, orders: Order[]) {
  const cookies = new Map(users.map((user) => [user.id, user]));
  const pay = (some: Order[]) => {
    const send = eachOf(some, ({ _id, userId }) => payBy(cookies.get(userId), String(_id)));
    return load(url, send, { connections });
  };
  const used: Record<Flow, PerProcess[]> = { charges: [], intents: [] };
  const size = Math.floor(orders.length / turns.length);
  for (const [turn, flow] of turns.entries()) {
    await useFlow(flow);
    const ofTurn = orders.slice(turn * size, turn === turns.length - 1 ? undefined : (turn + 1) * size);
    const warmUp = ofTurn.splice(0, Math.ceil(size * warmUpShare));
    await pay(warmUp);
    used[flow].push(await cpuPerUnit(ofTurn.length, () => pay(ofTurn)));
  }
  return { charges: meanOf(used.charges), intents: meanOf(used.intents) };
}

function meanOf(all: PerProcess[]): PerProcess {
  const names = Object.keys(all[0] ?? {});
  const sum = (name: string) => all.reduce((total, each) => total + (each[name] ?? 0), 0);
  return Object.fromEntries(names.map((name) => [name, sum(name) / all.length]));
}

/** A payment that was still pending when its request got a response has continued since. */
async function checkPaid(orders: Order[]): Promise<void> {
  const unpaid = (await reload(orders)).filter(({ status }) => status !== "complete").length;
  if (unpaid > 0) throw new Error(`${unpaid} of ${orders.length} orders were not paid`);
}

/** Placing orders takes seconds, and they would lapse over as long: this moves their ends, and timers, to that of the last. */
async function lapseTogether(orders: Order[]): Promise<void> {
  await untilIdle(); // expiration has set all timers
  const due = Math.max(...orders.map(({ expiresAt }) => expiresAt.getTime()));
  await stored().updateMany(
    { _id: { $in: orders.map(({ _id }) => _id) } },
    { $set: { expiresAt: new Date(due) } },
  );
  const redis = new Redis(stackFile().servers.redis);
  const timers = "bull:order-expirations:delayed";
  const moved = await redis.zadd(
    timers,
    "XX",
    "CH",
    ...orders.flatMap(({ _id }) => [due * 4096, String(_id)]),
  );
  redis.disconnect();
  if (Number(moved) < orders.length - 1)
    throw new Error(`Only ${moved} of ${orders.length} timers were moved`);
}

/** Takes effect at once: orders is restarted. */
async function setReservationTime(seconds: number): Promise<void> {
  await restartWith("orders-1", { EXPIRATION_SECONDS: String(seconds) });
}

async function createDuringExpiry(bench: Bench) {
  const orders = await placeOrders(bench, await seedTickets(bench.size.units));
  await lapseTogether(orders);
  const { eventhive: sendCreate } = create(bench);
  const before = await load(bench.url, sendCreate, { seconds: 3 });
  const [first] = await reload(orders);
  await pause(Math.max(0, Number(first?.expiresAt) - clock.now()));
  let areCancelled = false;
  const [during] = await Promise.all([
    load(bench.url, () => (areCancelled ? undefined : sendCreate())),
    untilCancelled(orders).finally(() => (areCancelled = true)),
  ]);
  return { delays: await delaysOf(orders), share: rateOf(during) / rateOf(before) };
}

const reload = (orders: Order[]): Promise<Order[]> =>
  stored()
    .find({ _id: { $in: orders.map(({ _id }) => _id) } })
    .toArray();

async function untilCancelled(orders: Order[]): Promise<void> {
  const live = { _id: { $in: orders.map(({ _id }) => _id) }, status: { $ne: "cancelled" } };
  const check = async () => {
    const count = await stored().countDocuments(live);
    if (count > 0) throw new Error(`${count} orders were not cancelled`);
  };
  await eventually(check, { withinSeconds: 120, intervalMs: 100 });
}

/** The time from each order's expiry to its cancellation, by the clock of orders. */
const delaysOf = async (orders: Order[]): Promise<number[]> =>
  (await reload(orders)).map(({ changedAt, expiresAt }) => changedAt.getTime() - expiresAt.getTime());
