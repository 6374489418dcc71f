import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Order } from "../models/order";
import { ticketOnSale } from "../testing";

const { published } = setUpService(database);

const order = (ticketId: unknown, cookie = signedIn(), more = {}) =>
  request(app)
    .post("/api/orders")
    .set("Cookie", cookie)
    .send({ ticketId, ...more });

it("reserves a ticket for a minute and says so", async () => {
  const ticket = await ticketOnSale();
  const buyer = newId();
  const before = Date.now();
  const { body, headers } = await order(ticket.id, signedIn(buyer)).expect(201);

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

it("gives a ticket to one of many who want it at once", async () => {
  const ticket = await ticketOnSale();
  const answers = await Promise.all(Array.from({ length: 20 }, () => order(ticket.id)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  const refusals = answers.filter(({ body }) => body.code === "ticket-reserved");
  expect(refusals.map(({ status }) => status)).toEqual(Array(19).fill(400));
  expect(await Order.countDocuments()).toBe(1);
});
