import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderOf } from "../../test/fixtures";

setUpService(database);

const list = (buyer: string, query = "") =>
  request(app).get(`/api/orders${query}`).set("Cookie", signedIn(buyer));

it("lists only the caller's orders, newest first", async () => {
  const buyer = newId();
  const first = await orderOf(buyer);
  const second = await orderOf(buyer);
  await orderOf();
  const { body, headers } = await list(buyer).expect(200);
  expect(body.map(({ id }: { id: string }) => id)).toEqual([second.id, first.id]);
  expect(headers.link).toBeUndefined();
});

it("links to the next page until there is none", async () => {
  const buyer = newId();
  const orders = [await orderOf(buyer), await orderOf(buyer), await orderOf(buyer)];
  const first = await list(buyer, "?limit=2").expect(200);
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.link ?? "")?.[1] ?? "";
  const second = await request(app).get(next).set("Cookie", signedIn(buyer)).expect(200);
  const ids = [...first.body, ...second.body].map(({ id }: { id: string }) => id);
  expect(ids).toEqual(orders.map(({ id }) => id).reverse());
  expect(second.headers.link).toBeUndefined();
});

it.each([
  ["?cursor=nonsense", "cursor"],
  ["?limit=0", "limit"],
  ["?limit=101", "limit"],
])("returns 400 invalid-input for %s", async (query, field) => {
  const { body } = await list(newId(), query).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field }] });
});

it("responds with 401 without a session", async () => {
  await request(app).get("/api/orders").expect(401);
});
