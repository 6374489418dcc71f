import { onFailpoint } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { app } from "../app";
import { database } from "../database";
import { Order } from "../models/order";
import { beforeNextSave, orderOf, reload } from "../../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const cancel = (id: string, cookie: string) => request(app).delete(`/api/orders/${id}`).set("Cookie", cookie);

it("cancels an order, frees its ticket and publishes it", async () => {
  const order = await orderOf();
  await cancel(order.id, signedIn(order.userId)).expect(204);

  const cancelled = await reload(order);
  expect(cancelled).toMatchObject({ status: "cancelled", cancelReason: "buyer", version: 1 });
  expect(cancelled.reserves).toBeUndefined();
  expect(await published("order:cancelled")).toMatchObject([
    { id: order.id, version: 1, status: "cancelled", cancelReason: "buyer" },
  ]);
});

it("returns 204 again and publishes nothing the second time", async () => {
  const order = await orderOf();
  await cancel(order.id, signedIn(order.userId)).expect(204);
  await cancel(order.id, signedIn(order.userId)).expect(204);
  expect(await published("order:cancelled")).toHaveLength(1);
});

it("returns 409 when every attempt loses the race", async () => {
  const order = await orderOf();
  await whileRacesAreLost(Order, async () => {
    expect((await cancel(order.id, signedIn(order.userId)).expect(409)).body.code).toBe("changed");
  });
  expect(await reload(order)).toMatchObject({ status: "created" });
});

it("refuses to cancel an order while its payment is captured", async () => {
  const order = await orderOf();
  order.grant(newId());
  await order.save();
  const { body } = await cancel(order.id, signedIn(order.userId)).expect(400);
  expect(body.code).toBe("payment-in-progress");
  expect(await reload(order)).toMatchObject({ status: "awaiting:payment" });
});

it("refuses to cancel a paid order", async () => {
  const order = await orderOf();
  order.complete();
  await order.save();
  const { body } = await cancel(order.id, signedIn(order.userId)).expect(400);
  expect(body.code).toBe("order-complete");
  expect(await reload(order)).toMatchObject({ status: "complete" });
});

it("detects that the order was paid while it was being cancelled", async () => {
  const order = await orderOf();
  beforeNextSave(async () => {
    const same = await reload(order);
    same.complete();
    await same.save();
  });
  const { body } = await cancel(order.id, signedIn(order.userId)).expect(400);
  expect(body.code).toBe("order-complete");
  expect(await reload(order)).toMatchObject({ status: "complete", version: 1 });
  expect(await published("order:cancelled")).toEqual([]);
});

it("returns 403 for another user's order", async () => {
  const order = await orderOf();
  const { body } = await cancel(order.id, signedIn()).expect(403);
  expect(body.code).toBe("not-yours");
  expect(await reload(order)).toMatchObject({ status: "created" });
});

it.each([newId(), "123", "%24gt"])("returns 404 for the order %s", async (id) => {
  const { body } = await cancel(id, signedIn()).expect(404);
  expect(body.code).toBe("not-found");
});

it("responds with 401 without a session", async () => {
  await request(app).delete(`/api/orders/${newId()}`).expect(401);
  expect(await Order.countDocuments()).toBe(0);
});
