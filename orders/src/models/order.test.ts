import { clock } from "@eventhive/common";
import { newId, rebuilt, setUpService } from "@eventhive/common/testing";
import fc from "fast-check";
import { z } from "zod";
import { database } from "../database";
import { orderOf } from "../../test/fixtures";
import { oldNetworks } from "../forget-networks";
import { decisiveOrders, endedUnpaid, latestOf } from "../reservation-limits";
import { Order, salesOf } from "./order";

setUpService(database);

const statistics = z.object({
  executionStats: z.object({ totalDocsExamined: z.number(), totalKeysExamined: z.number() }),
});

it("finds a buyer's live orders without reading their past ones or other buyers' orders", async () => {
  const buyer = newId();
  for (let count = 0; count < 3; count++) await orderOf(buyer);
  for (let count = 0; count < 20; count++) await orderOf();
  const past = Array.from({ length: 1000 }, (_, index) => ({
    userId: buyer,
    expiresAt: new Date(0),
    createdAt: new Date(),
    version: 1,
    outbox: [],
    ...(index % 2 ? { status: "cancelled" } : { status: "complete", reserves: newId() }),
  }));
  await Order.collection.insertMany(past);

  const orders = decisiveOrders(buyer, newId());
  expect(await Order.countDocuments(orders)).toBe(3);
  const { executionStats } = statistics.parse(await Order.find(orders).explain("executionStats"));
  expect(executionStats.totalDocsExamined).toBe(3);
  expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(5);
});

it.each([
  ["buyer", "userId", (value: string) => orderOf(value)],
  ["network", "network", (value: string) => orderOf(newId(), undefined, value)],
  ["site", "site", (value: string) => orderOf(newId(), undefined, newId(), value)],
])(
  "finds the latest unpaid reservation of a %s without reading the others",
  async (_who, field, reserved) => {
    const value = newId();
    for (let count = 0; count < 20; count++) {
      for (const order of [await reserved(value), await orderOf()]) {
        order.cancel("buyer");
        await order.save();
      }
    }
    const query = latestOf({ [field]: value, ...endedUnpaid() });
    const { executionStats } = statistics.parse(await query.explain("executionStats"));
    expect(executionStats.totalDocsExamined).toBeLessThanOrEqual(1);
    expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(2);
  },
);

it("finds the networks and sites to forget without reading recent orders", async () => {
  const ordersOf = (expiresAt: Date, count: number, known: object) =>
    Array.from({ length: count }, () => ({
      status: "cancelled",
      expiresAt,
      version: 1,
      outbox: [],
      ...known,
    }));
  await Order.collection.insertMany([
    ...ordersOf(new Date(0), 3, { network: "network", site: "site" }),
    ...ordersOf(new Date(0), 3, { site: "site" }), // of a process that knows no sites
    ...ordersOf(clock.date(), 100, { network: "network", site: "site" }),
    ...ordersOf(clock.date(), 100, { network: "another network" }),
  ]);
  const old = oldNetworks();
  expect(await Order.countDocuments(old)).toBe(6);
  const { executionStats } = statistics.parse(await Order.find(old).explain("executionStats"));
  expect(executionStats.totalDocsExamined).toBeLessThanOrEqual(9);
  expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(15);
});

it.each([
  ["a seller", newId()],
  ["unknown sellers", null],
])("finds the sales of %s without reading other orders", async (_who, seller) => {
  const ordersOf = (status: string, sellerId: string | undefined, count: number) =>
    Array.from({ length: count }, () => ({
      status,
      sellerId,
      createdAt: new Date(),
      version: 1,
      outbox: [],
      reserves: newId(),
    }));
  await Order.collection.insertMany([
    ...ordersOf("complete", seller ?? undefined, 3),
    ...ordersOf("created", seller ?? undefined, 20),
    ...ordersOf("complete", newId(), 100),
  ]);
  const query = Order.find(salesOf(seller)).sort({ createdAt: -1, _id: -1 });
  const { executionStats } = statistics.parse(await query.explain("executionStats"));
  expect(executionStats.totalDocsExamined).toBe(3);
  expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(4);
});

const states = fc.record({
  status: fc.constantFrom(
    { status: "created" },
    { status: "awaiting:payment" },
    { status: "complete" },
    { status: "cancelled", cancelReason: "buyer" },
    { status: "cancelled", cancelReason: "expired" },
    { status: "cancelled", buyerBanned: true },
  ),
  expiresAt: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }),
  title: fc.string({ minLength: 1, maxLength: 200 }),
  version: fc.nat(),
});

it("is rebuilt from an event as it was published, with its claim on the ticket unless it is cancelled", () => {
  fc.assert(
    fc.property(states, ({ status, expiresAt, title, version }) => {
      const ticket = { id: newId(), title, price: 19.99, version };
      const published = { ...status, userId: newId(), expiresAt: expiresAt.toISOString(), ticket };
      const order = rebuilt(Order, { id: newId(), version, ...published });
      expect(order.publicState()).toEqual(published);
      expect(order.reserves).toBe(status.status === "cancelled" ? undefined : ticket.id);
    }),
  );
});

it("is not cancelled for a ban while it is being paid, or once it is complete", async () => {
  const order = await orderOf();
  order.grant(newId());
  await order.save();
  expect(order.cancelForBan()).toBe(false);
  order.complete(order.paymentId ?? undefined);
  await order.save();
  expect(order.cancelForBan()).toBe(false);
  expect(order.status).toBe("complete");
});
