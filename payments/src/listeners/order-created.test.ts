import { deliver, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { Order } from "../models/order";
import { cancellationOf, orderToPay } from "../../test/fixtures";
import { orderCancelled, orderCompleted } from "./order-changed";
import { orderCreated } from "./order-created";

setUpService(database);

async function unknownOrder() {
  const order = await orderToPay();
  await Order.deleteMany();
  return order;
}

it("stores the price, the buyer and the end of the reservation", async () => {
  const order = await unknownOrder();
  await deliver(orderCreated, order);
  expect(await Order.find()).toMatchObject([
    {
      id: order.id,
      userId: order.userId,
      status: "created",
      title: "Chamber music",
      price: 19.99,
      expiresAt: new Date(order.expiresAt),
      version: 0,
    },
  ]);
});

it.each([
  ["cancelled", orderCancelled, "cancelled"],
  ["completed", orderCompleted, "complete"],
] as const)("keeps an order %s when its creation is delivered late", async (_what, listener, status) => {
  const order = await unknownOrder();
  await deliver(listener, { ...order, version: 1, status });
  await deliver(orderCreated, order);
  expect(await Order.find()).toMatchObject([{ id: order.id, status, version: 1 }]);
});

it("remembers why an order was cancelled", async () => {
  const order = await unknownOrder();
  await deliver(orderCancelled, cancellationOf(order, "expired"));
  expect(await Order.findById(order.id)).toMatchObject({ status: "cancelled", cancelReason: "expired" });
});
