import { hours, onFailpoint } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { charge, finishCharging } from "./charge";
import { database } from "./database";
import { orderCancelled } from "./listeners/order-cancelled";
import { Payment } from "./models/payment";
import { finishRefunds } from "./refund";
import {
  begunPayment,
  cancellationOf,
  crashAt,
  later,
  meanwhileAt,
  orderToPay,
  pays,
  reload,
  setUpSandbox,
  untilPayment,
} from "./testing";

const { published } = setUpService(database);
const sandbox = setUpSandbox();

const loseAnswer = () => sandbox.faults.add({ operation: "charge", kind: "lose", times: 2 });

it.each([
  ["having decided to charge", "payments.save.after", 1],
  ["before it asks the card", "payments.charge.before", 1],
  ["after the card was charged", "payments.charge.after", 1],
  ["before the charge is written down", "payments.save.before", 2],
])("charges once, and says so once, when it crashes %s", async (_when, failpoint, time) => {
  const order = await orderToPay();
  crashAt(failpoint, time);
  await pays(order);
  onFailpoint(undefined);
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "charging" }]);

  later();
  await finishCharging();
  await finishCharging();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "charged", version: 1 }]);
  expect(sandbox.chargesOf(order)).toHaveLength(1);
  expect(await published("payment:created")).toHaveLength(1);
});

it("charges once when the answer got lost", async () => {
  const order = await orderToPay();
  loseAnswer();
  expect((await pays(order)).body.code).toBe("payment-pending");
  later();
  await finishCharging();
  const payment = await untilPayment(order, "charged");
  expect(sandbox.chargesOf(order)).toMatchObject([{ id: payment.stripeId }]);
});

it("charges once when two processes finish it at the same moment", async () => {
  const order = await orderToPay();
  await begunPayment(order);
  later();
  await Promise.all([finishCharging(), finishCharging(), finishCharging()]);
  await finishCharging(); // whoever asked while another was asking was told to ask again
  expect(await untilPayment(order, "charged")).toMatchObject({ version: 1 });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("writes a decline down that nobody waited for", async () => {
  const order = await orderToPay();
  await begunPayment(order, "tok_chargeDeclined");
  later();
  await finishCharging();
  const failed = await untilPayment(order, "failed");
  expect(failed).toMatchObject({ failureReason: "Your card was declined." });
  expect([failed.token, failed.pays]).toEqual([undefined, undefined]);
});

it("leaves a payment alone that may still be waiting for the card", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "charging" });
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("does not charge for an order that was cancelled in the meantime", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await deliver(orderCancelled, cancellationOf(order));
  later();
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "failed" });
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("does not charge for an order whose time is over", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  later(60_000);
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "failed" });
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("finds a charge whose order was cancelled in the meantime, and gives it back", async () => {
  const order = await orderToPay();
  loseAnswer();
  await pays(order);
  await deliver(orderCancelled, cancellationOf(order));
  later();
  await finishCharging();
  await finishRefunds();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "refunded" }]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("finds a charge that Stripe would not recognise any more, instead of charging again", async () => {
  const order = await orderToPay({ expiresAt: "2100-01-01T00:00:00.000Z" });
  loseAnswer();
  await pays(order);
  later(hours(24));
  await finishCharging();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "charged" }]);
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("waits for the order's end when Stripe keeps repeating its own failure", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "fail" });
  expect((await pays(order)).body.code).toBe("payment-pending");
  later();
  await finishCharging();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "charging" }]);
  await deliver(orderCancelled, cancellationOf(order));
  await finishCharging();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "failed" }]);
});

it("does not let one payment that cannot be finished hold up another", async () => {
  const orders = [await orderToPay(), await orderToPay()];
  for (const order of orders) await begunPayment(order);
  later();
  sandbox.faults.add({ operation: "charge", kind: "fail", beforeWork: true });
  await finishCharging();
  expect(await Payment.countDocuments({ state: "charged" })).toBe(1);
  await finishCharging();
  expect(await Payment.countDocuments({ state: "charged" })).toBe(2);
});

it("says once that the card was charged when another process finishes the same charge meanwhile", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  meanwhileAt("payments.save.before", async () => {
    await deliver(orderCancelled, cancellationOf(order));
    later();
    await finishCharging();
  });
  await charge(payment);
  expect(await reload(payment)).toMatchObject({ state: "refunding", version: 2 });
  expect(await published("payment:created")).toHaveLength(1);
});

it("does not give a payment up whose charge comes through meanwhile", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await deliver(orderCancelled, cancellationOf(order));
  later();
  meanwhileAt("payments.save.before", () => charge(payment));
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "refunding", version: 2 });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("gives a charge back that came through after it was given up", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  meanwhileAt("payments.charge.before", async () => {
    await deliver(orderCancelled, cancellationOf(order));
    later();
    await finishCharging();
  });
  await charge(payment);
  expect(await reload(payment)).toMatchObject({ state: "failed" });
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});
