import { deliver, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";
import { orderCancelled } from "./order-cancelled";
import { orderCreated } from "./order-created";

const { published } = setUpService(database);

it("puts the ticket back on sale and says so once", async () => {
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

it("changes nothing when it comes before the order, which then reserves nothing", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await deliver(orderCancelled, { ...order, version: 1, status: "cancelled", cancelReason: "expired" });
  await deliver(orderCreated, order);
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "available", version: 0 });
  expect(await published("ticket:updated")).toEqual([]);
});
