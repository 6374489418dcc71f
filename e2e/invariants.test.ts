import type { Event } from "@eventhive/common";
import { newId } from "@eventhive/common/testing";
import { mongo } from "mongoose";
import type { Charge, Intent } from "../infra/stripe-sandbox/ledger";
import { lastingViolations } from "./invariants";
import { database } from "./stack";

const ids = {
  onSale: "a1".repeat(12),
  sold: "a2".repeat(12),
  cancelled: "b1".repeat(12),
  complete: "b2".repeat(12),
  refunded: "c1".repeat(12),
  settled: "c2".repeat(12),
  failed: "c3".repeat(12),
  user: "d1".repeat(12),
  banned: "d2".repeat(12),
};
const key = (id: string) => new mongo.ObjectId(id);
const expiresAt = new Date("2100-01-01");

const ticket = { title: "Jazz", price: 20, userId: ids.user, withdrawn: false };
const onSale = { _id: key(ids.onSale), version: 2, ...ticket };
const sold = { _id: key(ids.sold), version: 2, ...ticket };

const ban = { _id: key(ids.banned), version: 1, banned: true };

const order = { version: 1, userId: ids.user, expiresAt };
const cancelled = { _id: key(ids.cancelled), ...order, status: "cancelled", cancelReason: "buyer" };
const complete = { _id: key(ids.complete), ...order, status: "complete" };
const offered = (id: string) => ({ id, title: "Jazz", price: 20, version: 0 });

const payment = { amount: 2000, version: 3, outbox: [] };
const charge = { amount: 2000, amount_refunded: 0, captured: true, paid: true, refunded: false };
const chargeOf = (id: string, orderId: string, paymentId: string) =>
  ({ ...charge, id, metadata: { orderId, paymentId } }) as unknown as Charge;

const intentOf = (id: string, paymentId: string, status: Intent["status"]) =>
  ({
    id,
    status,
    latest_charge: null,
    last_payment_error: null,
    metadata: { paymentId },
  }) as unknown as Intent;

const published = (type: string, id: string, version: number, state: object = {}) =>
  ({ type, subject: id, data: { id, version, ...state } }) as unknown as Event;

/** A consistent state: one ticket back on sale after a cancelled order, one sold, and a user who is banned. */
async function goodWorld() {
  const name = newId();
  const [tickets, orders, payments] = [database(`t-${name}`), database(`o-${name}`), database(`p-${name}`)];
  const auth = database(`a-${name}`);
  const insert = (where: mongo.Db, collection: string, ...documents: object[]) =>
    where.collection(collection).insertMany(documents);
  await Promise.all([
    insert(auth, "users", ban),
    ...Object.values({ auth, tickets, orders, payments }).map((where) => insert(where, "bans", ban)),
    insert(
      tickets,
      "tickets",
      { ...onSale, sold: false, outbox: [] },
      { ...sold, sold: true, orderId: ids.complete },
    ),
    insert(
      orders,
      "orders",
      { ...cancelled, ticket: offered(ids.onSale), outbox: [] },
      { ...complete, ticket: offered(ids.sold) },
    ),
    insert(
      payments,
      "payments",
      { ...payment, _id: key(ids.refunded), orderId: ids.cancelled, stripeId: "ch_1", state: "refunded" },
      { ...payment, _id: key(ids.settled), orderId: ids.complete, stripeId: "ch_2", state: "settled" },
      { ...payment, _id: key(ids.failed), orderId: ids.cancelled, intentId: "pi_4", state: "failed" },
    ),
    insert(orders, "tickets", onSale, sold),
    insert(
      tickets,
      "orders",
      { _id: cancelled._id, version: 1, status: "cancelled", expiresAt, ticketId: ids.onSale },
      { _id: complete._id, version: 1, status: "complete", expiresAt, ticketId: ids.sold },
    ),
    insert(
      payments,
      "orders",
      { ...cancelled, title: "Jazz", price: 20 },
      { ...complete, title: "Jazz", price: 20 },
    ),
  ]);
  const versions = (type: string, id: string, newest: number) =>
    Array.from({ length: newest + 1 }, (_, version) => published(type, id, version, ticket));
  return {
    auth,
    tickets,
    orders,
    payments,
    charges: [
      { ...chargeOf("ch_1", ids.cancelled, ids.refunded), refunded: true, amount_refunded: 2000 },
      chargeOf("ch_2", ids.complete, ids.settled),
    ],
    intents: [
      intentOf("pi_3", ids.failed, "requires_confirmation"),
      intentOf("pi_4", ids.failed, "canceled"),
      intentOf("pi_5", ids.settled, "succeeded"),
    ],
    events: [
      ...versions("ticket:updated", ids.onSale, 2),
      ...versions("ticket:updated", ids.sold, 2),
      ...versions("order:created", ids.cancelled, 1),
      ...versions("order:created", ids.complete, 1),
      published("payment:created", ids.refunded, 1),
      published("payment:refunded", ids.refunded, 3),
      published("payment:created", ids.settled, 1),
    ],
  };
}

type GoodWorld = Awaited<ReturnType<typeof goodWorld>>;

async function violationsAfter(plant: (world: GoodWorld) => unknown): Promise<string[]> {
  const world = await goodWorld();
  const { auth, tickets, orders, payments, charges, intents, events } = world;
  await plant(world);
  const money = { payments, ledger: async () => ({ charges, intents }) };
  const found = await lastingViolations(
    { auth, tickets, orders, money, published: () => events },
    { withinSeconds: 0 },
  );
  const databases = Object.values({ auth, tickets, orders, payments });
  await Promise.all(databases.map((database) => database.dropDatabase()));
  return found;
}

it("reports nothing for a consistent state", async () => {
  expect(await violationsAfter(() => {})).toEqual([]);
});

const change = (where: mongo.Db, collection: string, id: string, fields: object) =>
  where.collection(collection).updateOne({ _id: key(id) }, { $set: fields });

const changeCharge = (charges: Charge[], id: string, fields: Partial<Charge>) =>
  Object.assign(charges.find((charge) => charge.id === id) ?? {}, fields);

const without = <Item>(items: Item[], isUnwanted: (item: Item) => boolean) =>
  items.splice(items.findIndex(isUnwanted), 1);

it.each<[string, string, (world: GoodWorld) => unknown]>([
  ["empty databases", "there are no tickets", ({ tickets }) => tickets.collection("tickets").deleteMany()],
  [
    "two orders for a ticket",
    "I1: ticket a2",
    ({ orders }) =>
      orders.collection("orders").insertOne({ ...complete, _id: key(newId()), ticket: offered(ids.sold) }),
  ],
  ["a paid order without a charge", "I2: order b2", ({ charges }) => charges.pop()],
  [
    "an unrefunded charge of a cancelled order",
    "I2: order b1",
    ({ charges }) => charges.splice(0, 1, chargeOf("ch_1", ids.cancelled, ids.refunded)),
  ],
  [
    "a second charge",
    "I2: order b2b2b2b2b2b2b2b2b2b2b2b2 has 2 unrefunded charges",
    ({ charges }) => charges.push(chargeOf("ch_3", ids.complete, ids.settled)),
  ],
  [
    "a charge without a payment",
    "I2: charge ch_3 belongs to payment",
    ({ charges }) => charges.push(chargeOf("ch_3", ids.complete, newId())),
  ],
  [
    "a payment that refers to a missing charge",
    "I2: payment c2",
    ({ payments }) => change(payments, "payments", ids.settled, { stripeId: "ch_9" }),
  ],
  [
    "a refunded charge of a settled payment",
    "I2: charge ch_1 should make payment",
    ({ payments }) => change(payments, "payments", ids.refunded, { state: "settled" }),
  ],
  [
    "money that is held for a complete order, but not captured",
    "I2: ch_2 of order b2b2b2b2b2b2b2b2b2b2b2b2 is neither",
    ({ charges }) => changeCharge(charges, "ch_2", { captured: false }),
  ],
  [
    "a captured charge of a cancelled order, though it was refunded",
    "I2: charge ch_1 was captured, but its order",
    ({ charges }) => changeCharge(charges, "ch_1", { payment_intent: "pi_1" }),
  ],
  [
    "a charge that was captured without a grant",
    "I2: charge ch_2 was captured, but order b2b2b2b2b2b2b2b2b2b2b2b2 was never granted to payment c2",
    ({ charges }) => changeCharge(charges, "ch_2", { payment_intent: "pi_2" }),
  ],
  [
    "a failed payment whose intent can still be confirmed",
    "I2: payment c3c3c3c3c3c3c3c3c3c3c3c3 has failed, but its intent pi_4 is requires_action",
    ({ intents }) => intents.push(intentOf("pi_4", ids.failed, "requires_action")),
  ],
  [
    "an unpublished event",
    "I3: a1a1a1a1a1a1a1a1a1a1a1a1 at version 2 has a non-empty outbox",
    ({ tickets }) => change(tickets, "tickets", ids.onSale, { outbox: [{}] }),
  ],
  [
    "a version that was never published",
    "I3: version 0 of b2",
    ({ events }) => without(events, ({ subject }) => subject === ids.complete),
  ],
  [
    "a charge that was never published",
    "I3: payment c2",
    ({ events }) => without(events, ({ subject }) => subject === ids.settled),
  ],
  [
    "a refund that was never published",
    "I3: payment c1c1c1c1c1c1c1c1c1c1c1c1 is refunded, but payment:refunded",
    ({ events }) => without(events, ({ type }) => type === "payment:refunded"),
  ],
  [
    "two events of one version",
    "I4: version 1 of a1",
    ({ events }) => events.push(published("ticket:updated", ids.onSale, 1, { ...ticket, title: "Blues" })),
  ],
  [
    "a stale replica",
    "I5: orders' replica of ticket a1",
    ({ orders }) => change(orders, "tickets", ids.onSale, { version: 1 }),
  ],
  [
    "a replica with another state",
    "I5: tickets' replica of order b1",
    ({ tickets }) => change(tickets, "orders", ids.cancelled, { status: "created" }),
  ],
  [
    "a missing replica",
    "I5: payments' replica of order b2",
    ({ payments }) => payments.collection("orders").deleteOne({ _id: complete._id }),
  ],
  [
    "a replica of nothing",
    "I5: orders' replica of ticket",
    ({ orders }) => orders.collection("tickets").insertOne({ ...onSale, _id: key(newId()) }),
  ],
  [
    "a published version that its service has lost",
    "I8: version 3 of a2",
    ({ events }) => events.push(published("ticket:updated", ids.sold, 3, ticket)),
  ],
  [
    "a live order of a banned user",
    "I15: order b2",
    ({ orders }) => change(orders, "orders", ids.complete, { status: "created", userId: ids.banned }),
  ],
  [
    "a ticket on sale of a banned user",
    "I15: ticket a1",
    ({ tickets }) => change(tickets, "tickets", ids.onSale, { userId: ids.banned }),
  ],
  [
    "a service that has not received a ban",
    "I15: payments has not received version 1 of user d2",
    ({ payments }) => payments.collection("bans").deleteOne({ _id: ban._id }),
  ],
  [
    "a live order past its expiry",
    "I9: order b2",
    ({ orders }) => change(orders, "orders", ids.complete, { status: "created", expiresAt: new Date(0) }),
  ],
  [
    "a payment of another amount",
    "I10: payment c2",
    ({ payments }) => change(payments, "payments", ids.settled, { amount: 1999 }),
  ],
  [
    "an order at a price that its ticket never had",
    "I10: order b2",
    ({ events }) => {
      const at = events.findIndex(({ subject }) => subject === ids.sold);
      events.splice(at, 1, published("ticket:updated", ids.sold, 0, { ...ticket, price: 30 }));
    },
  ],
  [
    "a ticket reserved by an ended order",
    "I11: ticket a1",
    ({ tickets }) => change(tickets, "tickets", ids.onSale, { orderId: ids.cancelled }),
  ],
  [
    "a ticket on sale that was sold",
    "I11: ticket a2",
    ({ tickets }) => change(tickets, "tickets", ids.sold, { orderId: null }),
  ],
  [
    "a payment that is not final",
    "I14: payment c2",
    ({ payments }) => change(payments, "payments", ids.settled, { state: "charged" }),
  ],
])("finds %s", async (_, violation, plant) => {
  expect(await violationsAfter(plant)).toContainEqual(expect.stringContaining(violation));
});
