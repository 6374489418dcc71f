import { deliver, newId, setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderCreated } from "../listeners/orders";
import { orderEvent, ticketOnSale } from "../../test/fixtures";

setUpService(database);

it("shows a ticket to anyone", async () => {
  const ticket = await ticketOnSale();
  const { body } = await request(app).get(`/api/tickets/${ticket.id}`).expect(200);
  expect(body).toEqual({
    id: ticket.id,
    version: 0,
    createdAt: ticket.createdAt.toISOString(),
    title: "Chamber music",
    price: 20,
    userId: ticket.userId,
    status: "available",
    withdrawn: false,
  });
});

it("identifies the buyer only by the order's id", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  await deliver(orderCreated, order);
  const { body } = await request(app).get(`/api/tickets/${ticket.id}`).expect(200);
  expect(body).toMatchObject({ status: "reserved", orderId: order.id, version: 1 });
  expect(JSON.stringify(body)).not.toContain(order.userId);
});

it.each([
  ["an unknown id", newId()],
  ["a malformed id", "not-an-id"],
  ["an id in capitals", newId().toUpperCase()],
])("returns 404 for %s", async (_, id) => {
  const { body } = await request(app).get(`/api/tickets/${id}`).expect(404);
  expect(body.code).toBe("not-found");
});
