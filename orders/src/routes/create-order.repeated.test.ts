import { onFailpoint } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Order } from "../models/order";
import { beforeNextSave, orderOf, overdueOrder, ticketOnSale } from "../../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const buyer = newId();
const order = (input: object) => request(app).post("/api/orders").set("Cookie", signedIn(buyer)).send(input);

it("responds to a repeated request with the order that the first one created", async () => {
  const ticket = await ticketOnSale();
  const first = await order({ ticketId: ticket.id, price: 20 }).expect(201);
  const second = await order({ ticketId: ticket.id, price: 20 }).expect(201);
  expect(second.body).toEqual(first.body);
  expect(await published("order:created")).toHaveLength(1);
});

it("responds to 20 parallel requests of one buyer with the same order", async () => {
  const ticket = await ticketOnSale();
  await Promise.all(Array.from({ length: 9 }, () => orderOf(buyer))); // one more is the limit
  const responses = await Promise.all(Array.from({ length: 20 }, () => order({ ticketId: ticket.id })));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
  expect(await Order.countDocuments({ reserves: ticket.id })).toBe(1);
});

it("finds its own order when the outcome of the insert was lost", async () => {
  const ticket = await ticketOnSale();
  onFailpoint(async (name) => {
    if (name === "orders.save.after") throw new Error("the response was lost");
  });
  jest.spyOn(process.stdout, "write").mockReturnValue(true); // the error is logged
  await order({ ticketId: ticket.id }).expect(500);
  jest.restoreAllMocks();
  onFailpoint(undefined);
  const { body } = await order({ ticketId: ticket.id }).expect(201);
  expect(await Order.find()).toMatchObject([{ id: body.id, status: "created" }]);
});

it("responds with the order that a parallel request saves between the check and the save", async () => {
  const ticket = await ticketOnSale();
  let faster = "";
  beforeNextSave(async () => {
    faster = (await orderOf(buyer, ticket)).id;
  });
  const { body } = await order({ ticketId: ticket.id }).expect(201);
  expect(body.id).toBe(faster);
});

it("rejects a repeated request with a different price", async () => {
  const ticket = await ticketOnSale();
  await order({ ticketId: ticket.id, price: 20 }).expect(201);
  const { body } = await order({ ticketId: ticket.id, price: 30 }).expect(409);
  expect(body.code).toBe("price-changed");
});

it("tells the buyer that they have already bought the ticket", async () => {
  const ticket = await ticketOnSale();
  const bought = await orderOf(buyer, ticket);
  bought.complete();
  await bought.save();
  const { body } = await order({ ticketId: ticket.id }).expect(400);
  expect(body.code).toBe("already-bought");
});

it("does not return a reservation that is overdue", async () => {
  const overdue = await overdueOrder(buyer);
  const { body } = await order({ ticketId: overdue.ticket.id }).expect(409);
  expect(body.code).toBe("reservation-ending");
});
