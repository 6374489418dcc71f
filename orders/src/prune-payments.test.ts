import { clock, hours } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { Types } from "mongoose";
import { database } from "./database";
import { followAllPayments } from "./follow-payments";
import { paymentAuthorized, paymentFailed } from "./listeners/payments";
import { Payment } from "./models/payment";
import { prunePayments } from "./prune-payments";
import { orderOf, reload, unchargedPaymentOf } from "../test/fixtures";

setUpService(database);

/** An id of something that was made so many days ago. */
const idFrom = (days: number) =>
  Types.ObjectId.createFromTime(Math.floor((clock.now() - hours(24 * days)) / 1000)).toString();

/** The failed payment of an order, which has ended unless it is live. */
async function failedPayment({ days, isLive = false }: { days: number; isLive?: boolean }) {
  const order = await orderOf();
  const failed = unchargedPaymentOf(order, { id: idFrom(days), version: 4, state: "failed" });
  await deliver(paymentFailed, failed);
  if (!isLive) {
    order.cancel("buyer");
    await order.save();
  }
  return { order, failed };
}

const kept = async () => (await Payment.find().sort({ _id: 1 })).map(({ id }) => id);

it("prunes payments that began more than 30 days ago and whose order has ended, and no others", async () => {
  await failedPayment({ days: 31 });
  const live = await failedPayment({ days: 32, isLive: true });
  const young = await failedPayment({ days: 29 });
  await prunePayments();
  expect(await kept()).toEqual([live.failed.id, young.failed.id]);
});

it("does not follow a pruned payment whose authorization is delivered late", async () => {
  const { order, failed } = await failedPayment({ days: 31 });
  await prunePayments();
  await deliver(paymentAuthorized, { ...failed, version: 2, state: "authorized" });
  expect(await kept()).toEqual([]);
  await followAllPayments();
  expect(await reload(order)).toMatchObject({ status: "cancelled" });
});

it("prunes a payment again whose end is delivered late", async () => {
  const { failed } = await failedPayment({ days: 31 });
  await prunePayments();
  await deliver(paymentFailed, failed);
  expect(await kept()).toEqual([failed.id]);
  await prunePayments();
  expect(await kept()).toEqual([]);
});
