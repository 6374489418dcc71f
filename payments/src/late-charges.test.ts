import { clock, hours, minutes, seconds } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { trusted } from "mongoose";
import { finishCharging } from "./charge";
import { database } from "./database";
import { orderCancelled } from "./listeners/order-changed";
import { lateCharges } from "./metrics";
import { Reconciliation } from "./models/reconciliation";
import { reconcileWhenDue } from "./reconcile";
import {
  type OrderEvent,
  cancellationOf,
  later,
  orderToPay,
  pays,
  setUpSandbox,
  untilPayment,
} from "../test/fixtures";

setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });
beforeEach(() => lateCharges.reset());

const counted = async () => (await lateCharges.get()).values[0]?.value;

/** The hourly comparison with Stripe alone. */
async function compareHourly(): Promise<void> {
  const never = new Date(clock.now() + hours(1000));
  const daily = { nextDueAt: never, claimedUntil: never, claim: "-" };
  await Reconciliation.updateOne({ _id: "daily" }, daily, { upsert: true });
  later(hours(1) + minutes(1));
  do await reconcileWhenDue();
  while (await Reconciliation.exists({ _id: "hourly", progress: trusted({ $exists: true }) }));
}

/** A payment that was given up although Stripe has its request: the charge comes with `doLateWork`. */
async function givenUpPayment(): Promise<OrderEvent> {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "late", milliseconds: hours(1) });
  expect((await pays(order)).body.code).toBe("payment-pending");
  await deliver(orderCancelled, cancellationOf(order));
  later(seconds(700));
  await finishCharging();
  await untilPayment(order, "failed");
  return order;
}

it("refunds a charge that appears after its payment has failed, and counts it once", async () => {
  const order = await givenUpPayment();
  await compareHourly();
  expect(await counted()).toBe(0);
  sandbox.doLateWork();
  expect(sandbox.chargesOf(order)).toMatchObject([{ paid: true, refunded: false }]);

  await compareHourly();
  await compareHourly();
  expect(sandbox.chargesOf(order)).toMatchObject([{ amount_refunded: 1999, refunded: true }]);
  expect(await counted()).toBe(1);
});

it.each([
  ["before it began", { status: 503, beforeWork: true }],
  ["and is repeated for its key", {}],
])("retries a refund that failed %s", async (_how, fault) => {
  const order = await givenUpPayment();
  sandbox.doLateWork();
  sandbox.faults.add({ operation: "refund", kind: "fail", ...fault });
  await compareHourly();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  await compareHourly();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("refunds a charge that appears a day after it was made", async () => {
  const order = await givenUpPayment();
  sandbox.doLateWork();
  later(hours(24));
  await compareHourly();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("refunds a charge that was made a moment ago", async () => {
  const order = await givenUpPayment();
  await compareHourly();
  later(hours(1));
  sandbox.doLateWork();
  await reconcileWhenDue();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("does not touch the charges of payments that did not fail", async () => {
  await givenUpPayment();
  const order = await orderToPay();
  const response = pays(order);
  await untilPayment(order, "charged");
  await compareHourly();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  later(seconds(720));
  await response;
});
