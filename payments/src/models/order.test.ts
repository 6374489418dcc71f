import { clock, hours } from "@eventhive/common";
import { deliver, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderCancelled } from "../listeners/order-changed";
import { orderCreated } from "../listeners/order-created";
import { finishRefunds } from "../refund";
import { cancellationOf, chargedPayment, completionOf, orderToPay, setUpSandbox } from "../../test/fixtures";
import { Order, applyOrder, pruneOrders } from "./order";

setUpService(database);
setUpSandbox();

const daysAgo = (days: number) => new Date(clock.now() - hours(24 * days)).toISOString();

it("prunes orders that were cancelled more than 30 days ago and have no payment, and no others", async () => {
  const old = await orderToPay();
  await deliver(orderCancelled, cancellationOf({ ...old, expiresAt: daysAgo(31) }));

  const recent = await orderToPay();
  await deliver(orderCancelled, cancellationOf({ ...recent, expiresAt: daysAgo(29) }));
  const complete = await orderToPay();
  await applyOrder(completionOf({ ...complete, expiresAt: daysAgo(31) }));
  const refunded = await orderToPay();
  await chargedPayment(refunded);
  await deliver(orderCancelled, cancellationOf({ ...refunded, expiresAt: daysAgo(31) }));
  await finishRefunds();

  await pruneOrders();
  await pruneOrders();
  const kept = (await Order.find()).map(({ id }) => id);
  expect(new Set(kept)).toEqual(new Set([recent.id, complete.id, refunded.id]));
  const { body } = await request(app)
    .get("/api/payments")
    .set("Cookie", signedIn(refunded.userId))
    .expect(200);
  expect(body).toMatchObject([{ order: { title: "Chamber music", status: "cancelled" } }]);
});

it("does not restore a pruned order when its first event is redelivered", async () => {
  const order = { ...(await orderToPay()), expiresAt: daysAgo(31) };
  await deliver(orderCancelled, cancellationOf(order));
  await pruneOrders();
  await deliver(orderCreated, order);
  expect(await Order.countDocuments()).toBe(0);
  await deliver(orderCancelled, cancellationOf(order));
  await pruneOrders();
  expect(await Order.countDocuments()).toBe(0);
});
