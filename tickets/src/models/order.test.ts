import { clock, hours } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { trusted } from "mongoose";
import { z } from "zod";
import { database } from "../database";
import { orderCancelled, orderCompleted, orderCreated } from "../listeners/orders";
import { orderEvent, ticketOnSale } from "../../test/fixtures";
import { Order, findLiveOrders, pruneOrders } from "./order";
import { Ticket } from "./ticket";

const { published } = setUpService(database);

const daysAgo = (days: number) => new Date(clock.now() - hours(24 * days)).toISOString();

async function endedOrders(days: number) {
  const [sold, free] = [await ticketOnSale(), await ticketOnSale()];
  const complete = orderEvent(sold, { version: 1, status: "complete", expiresAt: daysAgo(days) });
  const cancelled = orderEvent(free, { version: 1, status: "cancelled", expiresAt: daysAgo(days) });
  await deliver(orderCompleted, complete);
  await deliver(orderCancelled, cancelled);
  return { sold, free, complete, cancelled };
}

it("prunes orders that ended more than 30 days ago, and no others", async () => {
  await endedOrders(31);
  const { complete, cancelled } = await endedOrders(29);
  // Orders was unavailable, and has not ended it yet.
  const live = orderEvent(await ticketOnSale(), { expiresAt: daysAgo(29) });
  await deliver(orderCreated, live);
  await Order.updateOne({ _id: live.id }, { expiresAt: new Date(daysAgo(31)) });
  await pruneOrders();
  const kept = await Order.find();
  expect(new Set(kept.map(({ id }) => id))).toEqual(new Set([complete.id, cancelled.id, live.id]));
});

it("changes no ticket when its orders are pruned, whatever is redelivered", async () => {
  const { sold, free, complete, cancelled } = await endedOrders(31);
  await pruneOrders();
  expect(await Order.countDocuments()).toBe(0);

  for (const order of [complete, cancelled])
    await deliver(orderCreated, { ...order, version: 0, status: "created" });
  expect(await Order.countDocuments()).toBe(0);
  const another = orderEvent(sold);
  await deliver(orderCreated, another); // never made by orders; derives the ticket once more
  await deliver(orderCancelled, cancelled);
  await deliver(orderCompleted, complete);
  expect(await Ticket.findById(sold.id)).toMatchObject({ status: "sold", orderId: complete.id, version: 1 });
  expect(await Ticket.findById(free.id)).toMatchObject({ status: "available", version: 0 });
  expect(await published("ticket:updated")).toHaveLength(1);
});

it("sells a ticket to an order whose end is delivered after a month", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket, { expiresAt: daysAgo(40) });
  await deliver(orderCreated, order);
  await deliver(orderCompleted, { ...order, version: 1, status: "complete" });
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "sold", orderId: order.id });
});

it("finds orders to prune by an index", async () => {
  for (let count = 0; count < 5; count++) await endedOrders(1);
  await endedOrders(31);
  const examined = z.object({ executionStats: z.object({ totalDocsExamined: z.number() }) });
  const query = Order.find({ expiresAt: trusted({ $lt: new Date(daysAgo(30)) }) });
  const { executionStats } = examined.parse(await query.explain("executionStats"));
  expect(executionStats.totalDocsExamined).toBe(2);
});

it("reads the live orders of several tickets in one query, while another is in progress", async () => {
  const [reserved, free, sold] = [await ticketOnSale(), await ticketOnSale(), await ticketOnSale()];
  const live = orderEvent(reserved);
  const complete = orderEvent(sold, { status: "complete" });
  await deliver(orderCreated, live);
  await deliver(orderCancelled, orderEvent(free, { version: 1, status: "cancelled" }));
  await deliver(orderCompleted, complete);
  const find = jest.spyOn(Order, "find");
  const found = await Promise.all([reserved, free, sold, reserved].map(({ id }) => findLiveOrders(id)));
  const ids = found.map((orders) => orders.map(({ id }) => id));
  expect(ids).toEqual([[live.id], [], [complete.id], [live.id]]);
  expect(find).toHaveBeenCalledTimes(2); // the first began at once, the others shared the next
});
