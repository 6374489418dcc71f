import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderOf } from "../../test/fixtures";

setUpService(database);

const show = (id: string, cookie = signedIn()) => request(app).get(`/api/orders/${id}`).set("Cookie", cookie);

it("shows a buyer the order, and the time by the clock that ends it", async () => {
  const order = await orderOf();
  const { body, headers } = await show(order.id, signedIn(order.userId)).expect(200);
  expect(body).toMatchObject({ id: order.id, status: "created", expiresAt: order.expiresAt.toISOString() });
  expect(Math.abs(Number(headers["x-server-time"]) - Date.now())).toBeLessThan(5000);
});

it("returns 403 for another user's order", async () => {
  const order = await orderOf();
  expect((await show(order.id).expect(403)).body.code).toBe("not-yours");
});

it.each([newId(), "123"])("returns 404 for the order %s", async (id) => {
  expect((await show(id).expect(404)).body.code).toBe("not-found");
});

it("responds with 401 without a session", async () => {
  await request(app).get(`/api/orders/${newId()}`).expect(401);
});
