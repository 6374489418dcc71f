import { createHash, randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { onFailpoint } from "@eventhive/common";
import { MemoryBroker, eventBytes, newId, signedIn } from "@eventhive/common/testing";
import { type Answer, Client, type Order, bodyOf } from "./client";
import { eventually } from "./eventually";
import { violations } from "./invariants";
import { startInOneProcess } from "./one-process";
import { stackFile } from "./stack";

const seed = Number(process.env.SEED ?? randomInt(1_000_000));
let drawn = 0;
/** From 0 to below 1, the same in each run with the same seed. */
const random = () => createHash("sha256").update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
function oneOf<Item>(items: Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("One of nothing");
  return item;
}

const broker = new MemoryBroker({ maximumDelayMs: 400, duplicateRate: 0.2, random });
let running: Awaited<ReturnType<typeof startInOneProcess>>;

beforeAll(async () => {
  running = await startInOneProcess(stackFile().servers.mongo, broker);
  onFailpoint(async (name) => {
    // Between what a ticket knows of its orders and what it makes of that, much may happen.
    if (name === "tickets.derive.read" && random() < 0.8) await wait(random() * 400);
  });
});

afterAll(async () => {
  onFailpoint(undefined);
  await running.stop();
});

it(`brings every replica to its source through 1,000 changes from all sides (SEED=${seed})`, async () => {
  const { url, world } = running;
  const seller = new Client(url, signedIn());
  const buyers = Array.from({ length: 5 }, () => new Client(url, signedIn()));
  const tickets = await Promise.all(
    Array.from({ length: 10 }, (_, n) => bodyOf(seller.sell(`Ticket ${n}`, 10))),
  );
  await eventually(async () => expect(await world.orders.collection("tickets").countDocuments()).toBe(10));

  const answers = new Set<string>();
  async function note<Body>(action: string, answer: Promise<Answer<Body>>): Promise<Body | undefined> {
    const { ok, status, body } = await answer;
    answers.add(`${action}: ${status}${ok ? "" : ` ${body.code}`}`);
    return ok ? body : undefined;
  }

  let ordered = 0;
  const reserved: { buyer: Client; order: Order }[] = [];
  const bus = broker.connect("test");

  async function edit(): Promise<void> {
    const ticket = oneOf(tickets);
    await note("edit", seller.edit(ticket, { title: ticket.title, price: 10 + drawn }));
  }

  async function reserve(): Promise<void> {
    const buyer = oneOf(buyers);
    const order = await note("reserve", buyer.order(oneOf(tickets)));
    if (!order) return;
    if (++ordered % 40 === 0) return pay(order);
    reserved.push({ buyer, order });
    if (random() < 0.5) await note("cancel", buyer.cancel(order));
  }

  async function cancel({ buyer, order }: { buyer: Client; order: Order }): Promise<void> {
    await note("cancel", buyer.cancel(order));
  }

  async function callTimeOver({ id: orderId }: Order): Promise<void> {
    await bus.publish("expiration:complete", eventBytes("expiration:complete", { orderId }));
  }

  async function pay({ id: orderId, userId }: Order): Promise<void> {
    const money = { stripeId: "ch_1", amount: 1000, currency: "usd", state: "charged" as const };
    const payment = { id: newId(), version: 1, orderId, userId, ...money };
    await bus.publish("payment:created", eventBytes("payment:created", payment));
  }

  function act(): Promise<void> {
    const recent = oneOf(reserved.slice(-5));
    const roll = random();
    if (roll < 0.3) return edit();
    if (roll < 0.8) return reserve();
    if (roll < 0.95) return cancel(recent);
    return roll < 0.99 ? callTimeOver(recent.order) : pay(recent.order);
  }

  await reserve();
  for (let round = 0; round < 10; round++) {
    let left = 100;
    const side = async () => {
      while (left-- > 0) await act();
    };
    await Promise.all(Array.from({ length: 10 }, side));
    expect(await violations(world)).toEqual([]);
  }

  expect(await world.orders.collection("orders").distinct("status")).toEqual(
    expect.arrayContaining(["cancelled", "complete"]),
  );
  const done = ["edit: 200", "reserve: 201", "cancel: 204"];
  const refused = ["edit: 409 changed", "edit: 400 ticket-reserved", "reserve: 400 ticket-reserved"];
  const sometimes = [
    "cancel: 400 order-complete",
    "reserve: 400 already-bought",
    "reserve: 409 reservation-ending",
  ];
  expect([...answers].filter((answer) => !sometimes.includes(answer)).toSorted()).toEqual(
    [...done, ...refused].toSorted(),
  );
});
