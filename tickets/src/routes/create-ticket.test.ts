import { clock, hours } from "@eventhive/common";
import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { checkListingLimits } from "../listing-limits";
import { orderCreated } from "../listeners/orders";
import { Ticket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";

// Read at first use.
Object.assign(process.env, { MAX_LISTINGS: "3", MAX_LISTINGS_PER_DAY: "5" });

const { published } = setUpService(database);

const sell = (userId: string) =>
  request(app)
    .post("/api/tickets")
    .set("Cookie", signedIn(userId))
    .send({ title: "Chamber music", price: 20 });

it("puts a ticket on sale, and publishes it", async () => {
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

it("responds with 401 without a session", async () => {
  const { body } = await request(app)
    .post("/api/tickets")
    .send({ title: "Chamber music", price: 20 })
    .expect(401);
  expect(body.code).toBe("not-signed-in");
  expect(await Ticket.countDocuments()).toBe(0);
});

it("ignores everything but title and price in the body", async () => {
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

it("limits the tickets on sale of a seller, until one is withdrawn or sold", async () => {
  const seller = newId();
  const [first, second] = [await sell(seller).expect(201), await sell(seller).expect(201)];
  await sell(seller).expect(201);
  const { body } = await sell(seller).expect(400);
  expect(body).toMatchObject({ code: "too-many-listings" });
  expect(await Ticket.countDocuments()).toBe(3);

  const reserved = await Ticket.findById(first.body.id).orFail();
  await deliver(orderCreated, orderEvent(reserved)); // it may come back
  await sell(seller).expect(400);
  await request(app).delete(`/api/tickets/${second.body.id}`).set("Cookie", signedIn(seller)).expect(204);
  await sell(seller).expect(201);
  await sell(newId()).expect(201);
});

it("limits the tickets on sale of a seller, even when requests are concurrent", async () => {
  const seller = newId();
  const responses = await Promise.all(Array.from({ length: 20 }, () => sell(seller)));
  const count = (status: number) => responses.filter((response) => response.status === status).length;
  expect([count(201), count(400)]).toEqual([3, 17]);
  expect(await Ticket.countDocuments({ userId: seller })).toBe(3);
});

it.each([
  ["withdrawn", { withdrawn: true, available: false }],
  ["sold", { sold: true, available: false }],
])("lets parallel requests use the place of a ticket that was %s", async (_what, change) => {
  const seller = newId();
  const [first] = [await sell(seller).expect(201), await sell(seller).expect(201), await sell(seller)];
  await Ticket.updateOne({ _id: first.body.id }, { $set: change });
  const responses = await Promise.all(Array.from({ length: 10 }, () => sell(seller)));
  expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
});

it("counts tickets that an older version listed without a place", async () => {
  const seller = newId();
  for (let n = 0; n < 3; n++) await ticketOnSale({ userId: seller });
  await Ticket.updateMany({ userId: seller }, { $unset: { place: 1 } });
  expect((await sell(seller).expect(400)).body).toMatchObject({ code: "too-many-listings" });
});

it("counts withdrawn tickets for a day", async () => {
  const seller = newId();
  for (let n = 0; n < 5; n++) {
    const ticket = await ticketOnSale({ userId: seller });
    ticket.withdraw();
    await ticket.save();
  }
  expect((await sell(seller).expect(400)).body).toMatchObject({ code: "too-many-listings" });
  clock.use(() => Date.now() + hours(24) + 1);
  await sell(seller).expect(201);
});

it("counts the listings of several sellers in one query, while another is in progress", async () => {
  const [full, other] = [newId(), newId()];
  await Promise.all(Array.from({ length: 3 }, () => sell(full).expect(201)));
  const aggregate = jest.spyOn(Ticket, "aggregate");
  const checked = await Promise.allSettled([other, full, other, full].map(checkListingLimits));
  expect(checked.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
  expect(aggregate).toHaveBeenCalledTimes(2); // the first began at once, the others shared the next
});
