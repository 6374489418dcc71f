import { clock, hours, onFailpoint } from "@eventhive/common";
import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderCompleted, orderCreated } from "../listeners/orders";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";

process.env.MAX_EDITS_PER_HOUR = "20"; // read at first use

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const seller = newId();
const edit = (id: string, input: object = { title: "Early music", price: 25.5 }, userId = seller) =>
  request(app).put(`/api/tickets/${id}`).set("Cookie", signedIn(userId)).send(input);

it("changes title and price, and publishes it", async () => {
  const { id, createdAt } = await ticketOnSale({ userId: seller });
  const { body } = await edit(id).expect(200);
  expect(body).toEqual({
    id,
    version: 1,
    createdAt: createdAt.toISOString(),
    title: "Early music",
    price: 25.5,
    userId: seller,
    status: "available",
    withdrawn: false,
  });
  const { createdAt: _, ...event } = body;
  expect(await published("ticket:updated")).toEqual([event]);
});

it("is found by its new title only", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  await edit(id).expect(200);
  const search = async (q: string) => (await request(app).get("/api/tickets").query({ q })).body.length;
  expect([await search("early"), await search("chamber")]).toEqual([1, 0]);
});

it("ignores everything but title and price in the body", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  const others = { userId: newId(), orderId: newId(), sold: true, withdrawn: true, version: 0, outbox: [] };
  const { body } = await edit(id, { title: "Early music", price: 25, ...others }).expect(200);
  expect(body).toMatchObject({ userId: seller, status: "available", withdrawn: false, version: 1 });
  expect(body.orderId).toBeUndefined();
  expect(await published("ticket:updated")).toHaveLength(1);
});

it("responds with 401 without a session", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  const { body } = await request(app).put(`/api/tickets/${id}`).send({ title: "x", price: 1 }).expect(401);
  expect(body.code).toBe("not-signed-in");
});

it("responds with 403 to a user who is not the seller, reserved or not", async () => {
  const ticket = await ticketOnSale();
  expect((await edit(ticket.id).expect(403)).body.code).toBe("not-yours");
  await deliver(orderCreated, orderEvent(ticket));
  expect((await edit(ticket.id).expect(403)).body.code).toBe("not-yours");
});

it.each([
  ["an unknown id", newId()],
  ["a malformed id", "not-an-id"],
])("returns 404 for %s", async (_, id) => {
  expect((await edit(id).expect(404)).body.code).toBe("not-found");
});

it.each([
  ["reserved", orderCreated, "created"],
  ["sold", orderCompleted, "complete"],
] as const)("refuses to change a ticket that is %s", async (_, listener, status) => {
  const ticket = await ticketOnSale({ userId: seller });
  await deliver(listener, orderEvent(ticket, { status }));
  expect((await edit(ticket.id).expect(400)).body.code).toBe("ticket-reserved");
  expect(await Ticket.findById(ticket.id)).toMatchObject({ title: "Chamber music", version: 1 });
});

it("rejects an edit of a withdrawn ticket", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  await request(app).delete(`/api/tickets/${id}`).set("Cookie", signedIn(seller)).expect(204);
  expect((await edit(id).expect(400)).body.code).toBe("ticket-withdrawn");
});

it("responds with 409 when the ticket has changed in the meantime, and keeps that change", async () => {
  const ticket = await ticketOnSale({ userId: seller });
  onFailpoint(async (name) => {
    if (name !== "tickets.save.before") return;
    onFailpoint(undefined);
    await deliver(orderCreated, orderEvent(ticket));
  });
  expect((await edit(ticket.id).expect(409)).body.code).toBe("changed");
  expect(await Ticket.findById(ticket.id)).toMatchObject({ title: "Chamber music", status: "reserved" });
});

it("gives each of many concurrent edits its own version, or 409", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  const prices = Array.from({ length: 10 }, (_, index) => 30 + index);
  const responses = await Promise.all(prices.map((price) => edit(id, { title: "Early music", price })));

  const accepted = responses.filter(({ status }) => status === 200).map(({ body }) => body);
  const refused = responses.filter(({ status }) => status !== 200);
  expect(accepted.length).toBeGreaterThan(0);
  expect(refused.map(({ status, body }) => [status, body.code])).toEqual(refused.map(() => [409, "changed"]));

  const versions = accepted.map(({ version }) => version).toSorted((one, other) => one - other);
  expect(versions).toEqual(accepted.map((_, index) => index + 1));
  const events = await published("ticket:updated");
  for (const { createdAt, ...event } of accepted) expect(events).toContainEqual(event);
  const { createdAt, ...stored } = (await request(app).get(`/api/tickets/${id}`)).body;
  expect(events.at(-1)).toEqual(stored);
  expect(stored.version).toBe(accepted.length);
});

it("rejects an edit of another version than the one that the seller saw", async () => {
  const { id } = await ticketOnSale({ userId: seller });
  const input = { title: "Early music", price: 25.5 };
  await edit(id, { ...input, version: 0 }).expect(200);
  expect((await edit(id, { ...input, title: "Chamber music", version: 0 }).expect(409)).body.code).toBe(
    "changed",
  );
  expect(await Ticket.findById(id)).toMatchObject({ title: "Early music", version: 1 });
  await edit(id, { ...input, version: "1" }).expect(400);
});

it("accepts an edit without changes, without an event or a write", async () => {
  const { id, changedAt } = await ticketOnSale({ userId: seller });
  const { body } = await edit(id, { title: " Chamber music ", price: 20, version: 0 }).expect(200);
  expect(body).toMatchObject({ id, title: "Chamber music", price: 20, version: 0 });
  expect(await Ticket.findById(id)).toMatchObject({ version: 0, changedAt });
  expect(await published("ticket:updated")).toEqual([]);
});

it("limits the edits of a seller per hour, even when they are concurrent", async () => {
  const start = hours(Math.floor(Date.now() / hours(1)) + 1);
  clock.use(() => start);
  const own = newId();
  const tickets = await Promise.all(Array.from({ length: 25 }, () => ticketOnSale({ userId: own })));
  const responses = await Promise.all(tickets.map(({ id }) => edit(id, undefined, own)));

  const refused = responses.filter(({ status }) => status !== 200);
  expect(refused).toHaveLength(5);
  for (const { status, body, headers } of refused)
    expect([status, body.code, headers["retry-after"]]).toEqual([429, "too-many-edits", "3600"]);
  expect(await Ticket.countDocuments({ title: "Early music" })).toBe(20);

  const [{ id } = { id: "" }] = tickets;
  const { title, price } = await Ticket.findById(id).orFail();
  await edit(id, { title, price }, own).expect(200); // changes nothing
  await edit((await ticketOnSale({ userId: seller })).id).expect(200);
  clock.use(() => start + hours(1));
  await edit(id, { title: "Late music", price: 30 }, own).expect(200);
});
