import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { Order } from "../models/order";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";
import { orderCancelled, orderCompleted, orderCreated } from "./orders";

const { published } = setUpService(database);

it("reserves the ticket and publishes it once", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await deliver(orderCreated, order);

  expect(await Ticket.findById(ticket.id)).toMatchObject({
    status: "reserved",
    orderId: order.id,
    available: false,
  });
  expect(await published("ticket:updated")).toEqual([
    {
      id: ticket.id,
      version: 1,
      title: "Chamber music",
      price: 20,
      userId: ticket.userId,
      status: "reserved",
      withdrawn: false,
      orderId: order.id,
    },
  ]);
  expect(await Order.findById(order.id)).toMatchObject({
    ticketId: ticket.id,
    status: "created",
    expiresAt: new Date(order.expiresAt),
    version: 0,
  });
});

it("reserves the ticket for the order that expires last while two are live", async () => {
  const ticket = await ticketOnSale();
  const early = orderEvent(ticket);
  const late = orderEvent(ticket, { expiresAt: "2030-01-01T12:00:01.000Z" });
  await deliver(orderCreated, late);
  await deliver(orderCreated, early);
  expect(await Ticket.findById(ticket.id)).toMatchObject({ orderId: late.id, version: 1 });
});

it("keeps the ticket reserved for an order that is being paid", async () => {
  const ticket = await ticketOnSale();
  await deliver(orderCreated, orderEvent(ticket, { status: "awaiting:payment" }));
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "reserved" });
});

it("fails for an unknown ticket", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await expect(
    deliver(orderCreated, { ...order, ticket: { ...order.ticket, id: newId() } }),
  ).rejects.toMatchObject({
    name: "DocumentNotFoundError",
  });
});

it("puts the ticket back on sale and publishes it once", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await deliver(orderCreated, order);
  await deliver(orderCancelled, { ...order, version: 1, status: "cancelled", cancelReason: "buyer" });

  const stored = await Ticket.findById(ticket.id).orFail();
  expect(stored).toMatchObject({ status: "available", available: true, version: 2 });
  expect(stored.orderId).toBeUndefined();
  const events = await published("ticket:updated");
  expect(events.map(({ status, orderId }) => [status, orderId])).toEqual([
    ["reserved", order.id],
    ["available", undefined],
  ]);
});

it("changes nothing when it precedes the order, which then reserves nothing", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await deliver(orderCancelled, { ...order, version: 1, status: "cancelled", cancelReason: "expired" });
  await deliver(orderCreated, order);
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "available", version: 0 });
  expect(await published("ticket:updated")).toEqual([]);
});

it("sells the ticket and publishes it once", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await deliver(orderCreated, order);
  await deliver(orderCompleted, { ...order, version: 1, status: "complete" });

  expect(await Ticket.findById(ticket.id)).toMatchObject({
    status: "sold",
    sold: true,
    orderId: order.id,
    version: 2,
  });
  const events = await published("ticket:updated");
  expect(events.map(({ status, orderId }) => [status, orderId])).toEqual([
    ["reserved", order.id],
    ["sold", order.id],
  ]);
});

it.each(["before", "after"])(
  "keeps the ticket with the order that bought it when a later one arrives %s",
  async (when) => {
    const ticket = await ticketOnSale();
    const buyer = orderEvent(ticket);
    const reserveLater = () =>
      deliver(orderCreated, orderEvent(ticket, { expiresAt: "2031-01-01T00:00:00.000Z" }));
    if (when === "before") await reserveLater();
    await deliver(orderCompleted, { ...buyer, version: 1, status: "complete" });
    if (when === "after") await reserveLater();
    expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "sold", orderId: buyer.id });
  },
);

it("keeps a withdrawn ticket sold if the buyer was faster", async () => {
  const ticket = await ticketOnSale();
  ticket.withdraw();
  await ticket.save();
  await deliver(orderCompleted, orderEvent(ticket, { status: "complete" }));
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "sold", withdrawn: true });
});
