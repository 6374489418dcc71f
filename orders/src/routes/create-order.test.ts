import { onFailpoint } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Order } from "../models/order";
import { beforeNextSave, orderOf, reload, ticketOnSale } from "../../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const order = (input: object, cookie = signedIn()) =>
  request(app).post("/api/orders").set("Cookie", cookie).send(input);

it("reserves a ticket for a minute and publishes it", async () => {
  const ticket = await ticketOnSale();
  const buyer = newId();
  const before = Date.now();
  const { body, headers } = await order({ ticketId: ticket.id }, signedIn(buyer)).expect(201);

  expect(body).toMatchObject({
    userId: buyer,
    status: "created",
    version: 0,
    ticket: { id: ticket.id, price: 20 },
  });
  expect(Date.parse(body.expiresAt)).toBeGreaterThanOrEqual(before + 60_000);
  expect(Number(headers["x-server-time"])).toBeGreaterThanOrEqual(before);
  const { createdAt, ...event } = body;
  expect(await published("order:created")).toEqual([event]);
});

it("responds with the public state and nothing else", async () => {
  const { body } = await order({ ticketId: (await ticketOnSale()).id }).expect(201);
  expect(Object.keys(body).sort()).toEqual(
    ["createdAt", "expiresAt", "id", "status", "ticket", "userId", "version"].sort(),
  );
});

it("reserves a ticket whose title is empty, as the contract of events allows", async () => {
  const ticket = await ticketOnSale({ title: "" });
  const { body } = await order({ ticketId: ticket.id }).expect(201);
  expect(body.ticket.title).toBe("");
});

it("gives a ticket to one of many concurrent buyers", async () => {
  const ticket = await ticketOnSale();
  const responses = await Promise.all(Array.from({ length: 20 }, () => order({ ticketId: ticket.id })));
  expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
  const refused = responses.filter(({ status, body }) => status === 400 && body.code === "ticket-reserved");
  expect(refused).toHaveLength(19);
  expect(await Order.countDocuments()).toBe(1);
});

it("refuses a ticket that another buyer reserves between the check and the save", async () => {
  const ticket = await ticketOnSale();
  const faster = newId();
  beforeNextSave(async () => void (await orderOf(faster, ticket)));
  const { body } = await order({ ticketId: ticket.id }).expect(400);
  expect(body.code).toBe("ticket-reserved");
  expect(await Order.find()).toMatchObject([{ userId: faster }]);
});

it("rejects a reserved ticket, even when only the index detects it", async () => {
  const ticket = await ticketOnSale();
  await orderOf(newId(), ticket);
  const { body } = await order({ ticketId: ticket.id }).expect(400);
  expect(body).toMatchObject({ code: "ticket-reserved" });
});

it("sells a ticket again when its order was cancelled", async () => {
  const ticket = await ticketOnSale();
  const first = await orderOf(newId(), ticket);
  first.cancel("buyer");
  await first.save();
  await order({ ticketId: ticket.id }).expect(201);
});

it("keeps the price at which the order was created", async () => {
  const ticket = await ticketOnSale({ price: 20 });
  const { body } = await order({ ticketId: ticket.id, price: 20 }).expect(201);
  await ticketOnSale({ id: ticket.id, version: 1, price: 30 });
  expect(await reload(await Order.findById(body.id).orFail())).toMatchObject({
    ticket: { price: 20, version: 0 },
  });
});

it("returns 409 price-changed when the buyer was shown another price", async () => {
  const ticket = await ticketOnSale({ price: 30 });
  const { body } = await order({ ticketId: ticket.id, price: 20 }).expect(409);
  expect(body.code).toBe("price-changed");
  expect(await Order.countDocuments()).toBe(0);
});

it("refuses the seller's own ticket", async () => {
  const ticket = await ticketOnSale();
  const { body } = await order({ ticketId: ticket.id }, signedIn(ticket.userId)).expect(400);
  expect(body.code).toBe("own-ticket");
});

it("refuses a withdrawn ticket", async () => {
  const ticket = await ticketOnSale({ withdrawn: true, status: "withdrawn" });
  const { body } = await order({ ticketId: ticket.id }).expect(400);
  expect(body.code).toBe("ticket-withdrawn");
});

it("rejects an eleventh live reservation, and accepts it once another has ended", async () => {
  const buyer = newId();
  const held = await Promise.all(Array.from({ length: 10 }, () => orderOf(buyer)));
  const ticket = await ticketOnSale();
  const { body } = await order({ ticketId: ticket.id }, signedIn(buyer)).expect(400);
  expect(body.code).toBe("too-many-reservations");

  held[0]?.complete();
  await held[0]?.save();
  await order({ ticketId: ticket.id }, signedIn(buyer)).expect(201);
});

it("returns 404 for an unknown ticket", async () => {
  const { body } = await order({ ticketId: newId() }).expect(404);
  expect(body.code).toBe("not-found");
});

it.each([
  ["no ticket", {}, "ticketId"],
  ["a malformed ticket id", { ticketId: "123" }, "ticketId"],
  ["an operator for a ticket id", { ticketId: { $gt: "" } }, "ticketId"],
  ["an operator for a price", { ticketId: "0123456789abcdef01234567", price: { $gt: 0 } }, "price"],
])("returns 400 invalid-input for %s", async (_what, input, field) => {
  const { body } = await order(input).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field }] });
});

it("ignores everything but the ticket and the price in the body", async () => {
  const ticket = await ticketOnSale();
  const { body } = await order({
    ticketId: ticket.id,
    status: "complete",
    userId: newId(),
    expiresAt: "2100-01-01",
  });
  expect(body).toMatchObject({ status: "created" });
  expect(Date.parse(body.expiresAt)).toBeLessThan(Date.now() + 61_000);
});

it("returns 400 for malformed JSON, 413 for a body that is too large, and 415 for another type", async () => {
  const post = (type: string, text: string) =>
    request(app).post("/api/orders").set("Cookie", signedIn()).set("Content-Type", type).send(text);
  expect((await post("application/json", "{").expect(400)).body.code).toBe("malformed");
  expect(
    (await post("application/json", JSON.stringify({ a: "x".repeat(11_000) })).expect(413)).body.code,
  ).toBe("too-large");
  expect((await post("text/plain", "hello").expect(415)).body.code).toBe("not-json");
});

it("responds with 401 without a session", async () => {
  const { body } = await request(app).post("/api/orders").send({ ticketId: newId() }).expect(401);
  expect(body.code).toBe("not-signed-in");
});
