import { deliver, setUpService } from "@eventhive/common/testing";
import { charge } from "./charge";
import { database } from "./database";
import { followOrder, followOrders } from "./follow-order";
import { orderCancelled, orderCompleted } from "./listeners/order-changed";
import { foundDifferences } from "./metrics";
import { applyOrder } from "./models/order";
import { Payment } from "./models/payment";
import { refundSweep } from "./refund";
import {
  begunPayment,
  cancellationOf,
  chargedPayment,
  completionOf,
  crashAt,
  meanwhileAt,
  orderToPay,
  reload,
  setUpSandbox,
  untilPayment,
} from "../test/fixtures";

const { published } = setUpService(database);
setUpSandbox({ flow: "charges" });

it("counts that a captured payment is refunded, which the protocol excludes", async () => {
  jest.spyOn(console, "error").mockImplementation(() => {});
  foundDifferences.reset();
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await Payment.updateOne({ _id: payment._id }, { intentId: "pi_1" });
  await deliver(orderCancelled, cancellationOf(order));
  const { values } = await foundDifferences.get();
  expect(values).toMatchObject([{ labels: { difference: "captured" }, value: 1 }]);
});

const verdicts = [
  ["cancelled", "refunding", orderCancelled, cancellationOf],
  ["completed", "settled", orderCompleted, completionOf],
] as const;

describe.each(verdicts)("an order that is %s", (_verdict, state, listener, verdictOf) => {
  it("after the charge was stored", async () => {
    const order = await orderToPay();
    const payment = await chargedPayment(order);
    await deliver(listener, verdictOf(order));
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("between the response to the charge and storing it", async () => {
    const order = await orderToPay();
    const payment = await begunPayment(order);
    meanwhileAt("payments.charge.after", () => deliver(listener, verdictOf(order)));
    await charge(payment);
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("between storing the charge and reading the order", async () => {
    const order = await orderToPay();
    const payment = await begunPayment(order);
    meanwhileAt("payments.save.after", () => deliver(listener, verdictOf(order)));
    await charge(payment);
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("and charged before the listener stores the order", async () => {
    const order = await orderToPay();
    const payment = await begunPayment(order);
    meanwhileAt("payments.apply.before", () => charge(payment));
    await deliver(listener, verdictOf(order));
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("and charged between the listener's storing the order and looking for a payment", async () => {
    const order = await orderToPay();
    const payment = await begunPayment(order);
    meanwhileAt("payments.apply.after", () => charge(payment));
    await deliver(listener, verdictOf(order));
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("although the listener crashes after storing the order, when the event is redelivered", async () => {
    const order = await orderToPay();
    const payment = await chargedPayment(order);
    crashAt("payments.apply.after");
    await expect(deliver(listener, verdictOf(order))).rejects.toThrow("crashed");
    await deliver(listener, verdictOf(order));
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("without a look-up of its payment", async () => {
    const order = await orderToPay();
    const payment = await chargedPayment(order);
    await applyOrder(verdictOf(order));
    await followOrders();
    await followOrders();
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });

  it("seen by several processes at once", async () => {
    const order = await orderToPay();
    const payment = await chargedPayment(order);
    await applyOrder(verdictOf(order));
    await Promise.all(Array.from({ length: 5 }, () => followOrder(order.id)));
    expect(await reload(payment)).toMatchObject({ state, version: 2 });
  });
});

it("does not change a charged payment while orders has not decided", async () => {
  const payment = await chargedPayment(await orderToPay());
  await followOrders();
  expect(await reload(payment)).toMatchObject({ state: "charged", version: 1 });
});

it("does not refund a settled payment because of an old cancellation", async () => {
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await deliver(orderCompleted, { ...completionOf(order), version: 2 });
  await deliver(orderCancelled, cancellationOf(order));
  expect(await reload(payment)).toMatchObject({ state: "settled" });
});

it("does nothing for an order without a payment", async () => {
  await deliver(orderCancelled, cancellationOf(await orderToPay()));
  expect(await Payment.countDocuments()).toBe(0);
});

it("starts the refund at once", async () => {
  const order = await orderToPay();
  await chargedPayment(order);
  refundSweep.start();
  try {
    await deliver(orderCancelled, cancellationOf(order));
    await untilPayment(order, "refunded"); // sooner than the sweep's next turn
  } finally {
    await refundSweep.stop();
  }
  expect(await published("payment:refunded")).toHaveLength(1);
});
