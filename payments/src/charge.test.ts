import { clock, hours, onFailpoint, seconds } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { charge, chargeAgain, finishCharging } from "./charge";
import { database } from "./database";
import { orderCancelled, orderCompleted } from "./listeners/order-changed";
import { Payment } from "./models/payment";
import { finishRefunds } from "./refund";
import {
  type OrderEvent,
  begunPayment,
  cancellationOf,
  completionOf,
  countAttempts,
  crashAt,
  later,
  meanwhileAt,
  orderToPay,
  pays,
  reload,
  setUpSandbox,
  untilPayment,
} from "../test/fixtures";

const { published } = setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });

/** The card is charged, but the response is lost. */
async function payAndLoseResponse(order: OrderEvent): Promise<void> {
  crashAt("payments.charge.after");
  await pays(order);
  onFailpoint(undefined);
}

const refusedBeforeWork = { operation: "charge", kind: "fail", status: 429, beforeWork: true };

/** Every attempt is refused before any work, until the faults are cleared. */
async function paysRefused(order: OrderEvent): Promise<void> {
  sandbox.faults.add({ ...refusedBeforeWork, times: 1000 });
  expect((await pays(order)).body.code).toBe("payment-pending");
  sandbox.faults.clear();
}

const outcomeTimeout = seconds(600);

it.each([
  ["having decided to charge", "payments.save.after", 1],
  ["before the charge request", "payments.charge.before", 1],
  ["after the card was charged", "payments.charge.after", 1],
  ["before the charge is written down", "payments.save.before", 2],
])("charges once, and publishes it once, when it crashes %s", async (_when, failpoint, time) => {
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

it("charges once when the response is lost", async () => {
  const order = await orderToPay();
  await payAndLoseResponse(order);
  later();
  await finishCharging();
  const payment = await untilPayment(order, "charged");
  expect(sandbox.chargesOf(order)).toMatchObject([{ id: payment.stripeId }]);
});

it.each([
  ["was refused for too many requests", refusedBeforeWork],
  ["was refused by an error before any work", { operation: "charge", kind: "fail", beforeWork: true }],
  ["was cut off before any work", { operation: "charge", kind: "lose", beforeWork: true }],
  ["was cut off after the work", { operation: "charge", kind: "lose" }],
])("retries within the request, with the same key, a charge that %s", async (_what, fault) => {
  const order = await orderToPay();
  const attempts = countAttempts();
  sandbox.faults.add(fault);
  const response = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect(await response).toMatchObject({ status: 201 });
  expect(attempts()).toBe(2);
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("finds, while the buyer waits, a charge for which Stripe repeats a failure", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "fail", afterWork: true });
  const response = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect(await response).toMatchObject({ status: 201, body: { state: "settled" } });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("finds it at a later attempt, within the order's time, when it could not be looked up", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "fail", afterWork: true });
  sandbox.faults.add({ operation: "read", kind: "fail", times: 2 });
  const response = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect(await response).toMatchObject({ status: 201 });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("retries a rejected charge when the same token is sent again", async () => {
  const order = await orderToPay();
  await paysRefused(order);
  const response = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect(await response).toMatchObject({ status: 201 });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("retries a rejected charge at the next sweep, without waiting for the timeout of its request", async () => {
  const order = await orderToPay();
  await paysRefused(order);
  const { lastAttemptAt, nextAttemptAt } = await untilPayment(order, "charging");
  expect(Number(nextAttemptAt) - Number(lastAttemptAt)).toBeLessThan(seconds(2));
  clock.use(() => Number(nextAttemptAt));
  await finishCharging();
  await untilPayment(order, "charged");
});

it("sends one request when many processes finish the same charge concurrently", async () => {
  await begunPayment(await orderToPay());
  later();
  const attempts = countAttempts();
  await Promise.all([finishCharging(), finishCharging(), finishCharging()]);
  expect(attempts()).toBe(1);
});

it("does not retry a charge within the request once the order has ended", async () => {
  const order = await orderToPay();
  const attempts = countAttempts();
  sandbox.faults.add({ ...refusedBeforeWork, times: 1000 });
  const response = pays(order);
  while (attempts() === 0) await clock.wait(1);
  await deliver(orderCancelled, cancellationOf(order));
  const count = attempts();
  expect((await response).body.code).toBe("payment-pending");
  expect(attempts()).toBeLessThanOrEqual(count + 1); // one may have been about to begin
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("charges once when two processes finish it concurrently", async () => {
  const order = await orderToPay();
  await begunPayment(order);
  later();
  await Promise.all([finishCharging(), finishCharging(), finishCharging()]);
  expect(await untilPayment(order, "charged")).toMatchObject({ version: 1 });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("stores a decline that no client waited for", async () => {
  const order = await orderToPay();
  await begunPayment(order, "tok_chargeDeclined");
  later();
  await finishCharging();
  const failed = await untilPayment(order, "failed");
  expect(failed).toMatchObject({ failureReason: "Your card was declined." });
  expect([failed.token, failed.pays]).toEqual([undefined, undefined]);
});

it("does not touch a payment that may still be waiting for Stripe", async () => {
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
  expect(await reload(payment)).toMatchObject({ state: "charging" });
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("does not charge for an overdue order", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  later(60_000);
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "charging" });
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("does not conclude from a missing charge that there will be none", async () => {
  const order = await orderToPay({ expiresAt: new Date(clock.now() + seconds(30)).toISOString() });
  sandbox.faults.add({ operation: "charge", kind: "late", milliseconds: seconds(30) });
  expect((await pays(order)).body.code).toBe("payment-pending");
  later(seconds(31));
  await finishCharging();
  await deliver(orderCancelled, cancellationOf(order, "expired"));
  await finishCharging();
  const payment = await untilPayment(order, "charging");

  sandbox.doLateWork();
  later(seconds(60));
  await finishCharging();
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded" });
  expect(sandbox.chargesOf(order)).toMatchObject([{ amount_refunded: 1999, refunded: true }]);
});

it("fails a payment whose charge never appears, but not before the timeout", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await deliver(orderCancelled, cancellationOf(order));
  later(outcomeTimeout - seconds(60));
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "charging" });
  later(outcomeTimeout);
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "failed", failureReason: expect.any(String) });
  expect((await pays(order)).body.code).toBe("order-cancelled"); // not that the card was declined
});

it("fails a payment at once when every attempt is known to have done nothing", async () => {
  const order = await orderToPay();
  await paysRefused(order);
  await deliver(orderCancelled, cancellationOf(order));
  later();
  await finishCharging();
  const payment = await untilPayment(order, "failed");
  expect(payment.failureReason).toContain("could not be made");
  expect(sandbox.chargesOf(order)).toEqual([]);
});

it("does not forget an attempt that may have charged when a later one did nothing", async () => {
  const order = await orderToPay();
  await payAndLoseResponse(order);
  later();
  sandbox.faults.add({ ...refusedBeforeWork, times: 1000 });
  await finishCharging();
  await deliver(orderCancelled, cancellationOf(order));
  later(seconds(30));
  await finishCharging();
  await untilPayment(order, "refunding");
});

it("does not assume that an attempt by an older version did nothing", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  const fields = { lastAttemptAt: 1, nextAttemptAt: 1, openAttempts: 1 };
  await Payment.updateOne({ _id: payment._id }, { $unset: fields });
  sandbox.faults.add(refusedBeforeWork);
  await finishCharging();
  await deliver(orderCancelled, cancellationOf(order));
  later(seconds(30));
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "charging" });
});

it("finds a charge whose order was cancelled in the meantime, and refunds it", async () => {
  const order = await orderToPay();
  await payAndLoseResponse(order);
  await deliver(orderCancelled, cancellationOf(order));
  later();
  await finishCharging();
  await finishRefunds();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "refunded" }]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("finds a charge whose key Stripe has forgotten, instead of charging again", async () => {
  const order = await orderToPay({ expiresAt: "2100-01-01T00:00:00.000Z" });
  await payAndLoseResponse(order);
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
  later(outcomeTimeout + seconds(60));
  await finishCharging();
  expect(await Payment.find({ orderId: order.id })).toMatchObject([{ state: "failed" }]);
});

it("does not let a payment that cannot be finished delay another", async () => {
  const orders = [await orderToPay(), await orderToPay()];
  for (const order of orders) await begunPayment(order);
  later();
  sandbox.faults.add({ operation: "charge", kind: "fail", beforeWork: true });
  await finishCharging();
  expect(await Payment.countDocuments({ state: "charged" })).toBe(1);
  later();
  await finishCharging();
  expect(await Payment.countDocuments({ state: "charged" })).toBe(2);
});

it("publishes the charge once when another process finishes it in the meantime", async () => {
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

it("does not fail a payment whose charge succeeds in the meantime", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await deliver(orderCancelled, cancellationOf(order));
  later(outcomeTimeout);
  meanwhileAt("payments.save.before", () => charge(payment));
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "refunding", version: 2 });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("does not fail a payment for which an attempt has begun in the meantime", async () => {
  const order = await orderToPay();
  await paysRefused(order);
  const payment = await untilPayment(order, "charging");
  later(seconds(60)); // the order is over
  meanwhileAt("payments.save.before", async () => {
    sandbox.faults.add({ operation: "charge", kind: "late", milliseconds: seconds(30) });
    await chargeAgain(payment);
  });
  await finishCharging();
  expect(await reload(payment)).toMatchObject({ state: "charging", openAttempts: 1 });
});

it("refunds a charge that succeeds after its payment has failed", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  meanwhileAt("payments.charge.before", async () => {
    await deliver(orderCancelled, cancellationOf(order));
    later(outcomeTimeout);
    await finishCharging();
  });
  await charge(payment);
  expect(await reload(payment)).toMatchObject({ state: "failed" });
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});
