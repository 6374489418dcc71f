import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Order } from "../models/order";
import { nameSellers } from "../name-sellers";
import { orderOf, ticketOnSale } from "../../test/fixtures";

setUpService(database);

const seller = newId();

const list = (query = "", userId = seller) =>
  request(app).get(`/api/orders/sales${query}`).set("Cookie", signedIn(userId));

async function soldTicket({ userId = seller, price = 20 } = {}): Promise<Order> {
  const order = await orderOf(newId(), await ticketOnSale({ userId, price }));
  order.complete(newId());
  return order.save();
}

it("lists what the caller has sold, with the order and its price, but not the buyer", async () => {
  const first = await soldTicket();
  const second = await soldTicket({ price: 35.5 });
  await soldTicket({ userId: newId() });
  const { body, headers } = await list().expect(200);
  const { id, ticket, createdAt } = second;
  expect(body).toEqual([
    { id, ticket: JSON.parse(JSON.stringify(ticket)), createdAt: createdAt.toISOString() },
    expect.objectContaining({ id: first.id }),
  ]);
  expect(body[0].ticket.price).toBe(35.5);
  expect(headers.link).toBeUndefined();
});

it("lists neither reservations nor cancelled orders", async () => {
  await orderOf(newId(), await ticketOnSale({ userId: seller }));
  const cancelled = await orderOf(newId(), await ticketOnSale({ userId: seller }));
  cancelled.cancel("buyer");
  await cancelled.save();
  expect((await list().expect(200)).body).toEqual([]);
});

it("links to the next page until there is none", async () => {
  const orders = [await soldTicket(), await soldTicket(), await soldTicket()];
  const first = await list("?limit=2").expect(200);
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.link ?? "")?.[1] ?? "";
  const second = await request(app).get(next).set("Cookie", signedIn(seller)).expect(200);
  const ids = [...first.body, ...second.body].map(({ id }: { id: string }) => id);
  expect(ids).toEqual(orders.map(({ id }) => id).reverse());
  expect(second.headers.link).toBeUndefined();
});

it("rejects a cursor of the list of orders", async () => {
  const cursor = Buffer.from(JSON.stringify({ list: "newest ", value: new Date(), id: newId() }));
  const { body } = await list(`?cursor=${cursor.toString("base64url")}`).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "cursor" }] });
});

it("lists a sale that was stored without its seller once the sweep has set the seller", async () => {
  const { id } = await soldTicket();
  await Order.updateOne({ _id: id }, { $unset: { sellerId: 1 } });
  expect((await list().expect(200)).body).toEqual([]);
  await nameSellers();
  expect((await list().expect(200)).body).toMatchObject([{ id }]);
});
