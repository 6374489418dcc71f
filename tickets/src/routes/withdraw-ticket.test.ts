import { onFailpoint } from "@eventhive/common";
import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderCancelled, orderCompleted, orderCreated } from "../listeners/orders";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const seller = newId();
const withdraw = (id: string, userId = seller) =>
  request(app).delete(`/api/tickets/${id}`).set("Cookie", signedIn(userId));

it("withdraws a ticket, and publishes it", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  const { text } = await withdraw(id).expect(204);
  expect(text).toBe("");

  const { body } = await request(app).get(`/api/tickets/${id}`).expect(200);
  expect(body).toMatchObject({ status: "withdrawn", withdrawn: true, version: 1 });
  expect((await request(app).get("/api/tickets")).body).toEqual([]);
  const { createdAt, ...event } = body;
  expect(await published("ticket:updated")).toEqual([event]);
});

it("responds with 204 to a second withdrawal, which changes nothing", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  await withdraw(id).expect(204);
  await withdraw(id).expect(204);
  expect(await published("ticket:updated")).toHaveLength(1);
});

it("responds with 401 without a session", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  expect((await request(app).delete(`/api/tickets/${id}`).expect(401)).body.code).toBe("not-signed-in");
});

it("responds with 403 to a user who is not the seller", async () => {
  const { id } = await ticketOnSale();
  expect((await withdraw(id).expect(403)).body.code).toBe("not-yours");
  expect(await Ticket.findById(id)).toMatchObject({ withdrawn: false });
});

it.each([
  ["an unknown id", newId()],
  ["a malformed id", "not-an-id"],
])("returns 404 for %s", async (_, id) => {
  expect((await withdraw(id).expect(404)).body.code).toBe("not-found");
});

it.each([
  ["reserved", orderCreated, "created"],
  ["sold", orderCompleted, "complete"],
] as const)("refuses to withdraw a ticket that is %s", async (_, listener, status) => {
  const ticket = await ticketOnSale({ userId: seller });
  await deliver(listener, orderEvent(ticket, { status }));
  expect((await withdraw(ticket.id).expect(400)).body.code).toBe("ticket-reserved");
  expect(await Ticket.findById(ticket.id)).toMatchObject({ withdrawn: false, version: 1 });
});

it("responds with 409 when the ticket was reserved in the meantime", async () => {
  const ticket = await ticketOnSale({ userId: seller });
  onFailpoint(async (name) => {
    if (name !== "tickets.save.before") return;
    onFailpoint(undefined);
    await deliver(orderCreated, orderEvent(ticket));
  });
  expect((await withdraw(ticket.id).expect(409)).body.code).toBe("changed");
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "reserved", withdrawn: false });
});

it("stays withdrawn after a faster order was created and cancelled", async () => {
  const ticket = await ticketOnSale({ userId: seller });
  await withdraw(ticket.id).expect(204);
  const order = orderEvent(ticket);
  await deliver(orderCreated, order);
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "reserved", withdrawn: true });
  await withdraw(ticket.id).expect(204);
  await deliver(orderCancelled, { ...order, version: 1, status: "cancelled", cancelReason: "expired" });
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "withdrawn", available: false });
});
