import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { Order } from "../models/order";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";
import { orderCreated } from "./order-created";

const { published } = setUpService(database);

it("reserves the ticket and says so once", async () => {
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

it("gives the ticket to the order that ends last while two are live", async () => {
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
