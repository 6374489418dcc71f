import { clock, hours } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { followAllPayments } from "./follow-payments";
import { paymentAuthorized, paymentFailed } from "./listeners/payments";
import type { Order } from "./models/order";
import { Payment } from "./models/payment";
import { prunePayments } from "./prune-payments";
import { orderOf, reload, unchargedPaymentOf } from "../test/fixtures";

setUpService(database);
afterEach(() => clock.use());

function setDaysAgo(days: number): void {
  const then = clock.now() - hours(24 * days);
  clock.use(() => then);
}

/** A failed payment that orders received so many days ago. */
async function failedPayment(order: Order, days: number) {
  const failed = unchargedPaymentOf(order, { version: 4, state: "failed" });
  setDaysAgo(days);
  await Payment.apply(failed);
  clock.use();
  return failed;
}

async function cancelledOrder(): Promise<Order> {
  const order = await orderOf();
  order.cancel("buyer");
  await order.save();
  return order;
}

const kept = async () => new Set((await Payment.find()).map(({ id }) => id));

it("prunes payments that were stored more than 30 days ago and whose order has ended, and no others", async () => {
  await failedPayment(await cancelledOrder(), 31);
  const young = await failedPayment(await cancelledOrder(), 29);
  const live = await failedPayment(await orderOf(), 31);
  const unknown = await failedPayment(await orderOf(), 31);
  await Payment.updateOne({ _id: unknown.id }, { orderId: newId() });
  await prunePayments();
  expect(await kept()).toEqual(new Set([young.id, live.id, unknown.id]));
});

it("reaches old payments behind any number of those that it keeps", async () => {
  const firstAt = clock.now() - hours(24 * 40);
  const ofUnknownOrder = (index: number) => ({
    orderId: newId(),
    state: "failed",
    version: 4,
    createdAt: new Date(firstAt + index),
  });
  await Payment.collection.insertMany(Array.from({ length: 1000 }, (_, index) => ofUnknownOrder(index)));
  await failedPayment(await cancelledOrder(), 31);
  await prunePayments();
  await prunePayments();
  expect(await Payment.countDocuments()).toBe(1000);

  const { orderId } = await Payment.findOne().sort({ createdAt: 1 }).orFail();
  const order = await cancelledOrder();
  await Payment.updateOne({ orderId }, { orderId: order.id });
  await prunePayments();
  expect(await Payment.countDocuments()).toBe(999);
});

it("grants a live order to its payment, however old that is", async () => {
  const order = await orderOf();
  const authorized = unchargedPaymentOf(order);
  setDaysAgo(31);
  await Payment.apply(authorized);
  clock.use();
  await prunePayments();
  await followAllPayments();
  expect(await reload(order)).toMatchObject({ status: "awaiting:payment", paymentId: authorized.id });
});

it("changes no order by late states of a pruned payment, and prunes them again", async () => {
  const order = await cancelledOrder();
  const failed = await failedPayment(order, 31);
  await prunePayments();
  await deliver(paymentAuthorized, { ...failed, version: 2, state: "authorized" });
  await followAllPayments();
  expect(await reload(order)).toMatchObject({ status: "cancelled", version: order.version });
  await deliver(paymentFailed, failed);
  expect(await Payment.find()).toMatchObject([{ id: failed.id, state: "failed" }]);

  setDaysAgo(-31);
  await prunePayments();
  expect(await kept()).toEqual(new Set());
});
