import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Ticket } from "../models/ticket";

const { published } = setUpService(database);

it("puts a ticket on sale and says so", async () => {
  const seller = newId();
  const { body } = await request(app)
    .post("/api/tickets")
    .set("Cookie", signedIn(seller))
    .send({ title: "  Chamber music ", price: 19.99 })
    .expect(201);

  const { createdAt, ...event } = body;
  expect(event).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    version: 0,
    title: "Chamber music",
    price: 19.99,
    userId: seller,
    status: "available",
    withdrawn: false,
  });
  expect(Date.parse(createdAt)).not.toBeNaN();
  expect(await published("ticket:created")).toEqual([event]);
});

it("answers 401 to somebody who is not signed in", async () => {
  const { body } = await request(app)
    .post("/api/tickets")
    .send({ title: "Chamber music", price: 20 })
    .expect(401);
  expect(body.code).toBe("not-signed-in");
  expect(await Ticket.countDocuments()).toBe(0);
});

it("takes nothing but title and price from the body", async () => {
  const seller = newId();
  const { body } = await request(app)
    .post("/api/tickets")
    .set("Cookie", signedIn(seller))
    .send({
      title: "Chamber music",
      price: 20,
      userId: newId(),
      orderId: newId(),
      sold: true,
      withdrawn: true,
      available: false,
      version: 7,
      _id: "6".repeat(24),
    })
    .expect(201);
  expect(body).toMatchObject({ userId: seller, status: "available", withdrawn: false, version: 0 });
  expect(body.id).not.toBe("6".repeat(24));
  expect(body.orderId).toBeUndefined();
});
