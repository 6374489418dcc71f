import { deliver, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";
import { orderCompleted } from "./order-completed";
import { orderCreated } from "./order-created";

const { published } = setUpService(database);

it("sells the ticket and says so once", async () => {
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

it("leaves the ticket with the order that bought it, whatever ends later", async () => {
  const ticket = await ticketOnSale();
  const buyer = orderEvent(ticket);
  await deliver(orderCompleted, { ...buyer, version: 1, status: "complete" });
  await deliver(orderCreated, orderEvent(ticket, { expiresAt: "2031-01-01T00:00:00.000Z" }));
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "sold", orderId: buyer.id, version: 1 });
});

it("leaves a withdrawn ticket sold when the buyer was faster", async () => {
  const ticket = await ticketOnSale();
  ticket.withdraw();
  await ticket.save();
  await deliver(orderCompleted, orderEvent(ticket, { status: "complete" }));
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "sold", withdrawn: true });
});
