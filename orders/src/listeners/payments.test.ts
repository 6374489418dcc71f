import { onFailpoint } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { beforeNextSave, orderOf, paymentOf, reload } from "../../test/fixtures";
import { paymentCreated } from "./payments";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

it("completes a live order, once", async () => {
  const order = await orderOf();
  await deliver(paymentCreated, paymentOf(order));
  expect(await reload(order)).toMatchObject({ status: "complete", version: 1, reserves: order.ticket.id });
  expect(await published("order:completed")).toMatchObject([
    { id: order.id, version: 1, status: "complete" },
  ]);
});

it("leaves a cancelled order cancelled: payments refunds the charge", async () => {
  const order = await orderOf();
  order.cancel("expired");
  await order.save();
  await deliver(paymentCreated, paymentOf(order));
  expect(await reload(order)).toMatchObject({ status: "cancelled", version: 1 });
  expect(await published("order:completed")).toEqual([]);
});

it("keeps a cancellation that was saved first", async () => {
  const order = await orderOf();
  beforeNextSave(async () => {
    const same = await reload(order);
    same.cancel("buyer");
    await same.save();
  });
  await deliver(paymentCreated, paymentOf(order));
  expect(await reload(order)).toMatchObject({ status: "cancelled", cancelReason: "buyer", version: 1 });
});

it("rejects a payment of an unknown order", async () => {
  const payment = { ...paymentOf(await orderOf()), orderId: newId() };
  await expect(deliver(paymentCreated, payment)).rejects.toThrow("No document found");
});
