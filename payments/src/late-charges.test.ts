import { clock, hours, seconds } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { finishCharging } from "./charge";
import { database } from "./database";
import { refundLateCharges } from "./late-charges";
import { orderCancelled } from "./listeners/order-cancelled";
import { lateCharges } from "./metrics";
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
const sandbox = setUpSandbox();
beforeEach(() => lateCharges.reset());

const counted = async () => (await lateCharges.get()).values[0]?.value;

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

it("refunds a charge that came after its payment was given up, and counts it once", async () => {
  const order = await givenUpPayment();
  await refundLateCharges();
  expect(await counted()).toBe(0);
  sandbox.doLateWork();
  expect(sandbox.chargesOf(order)).toMatchObject([{ paid: true, refunded: false }]);

  await refundLateCharges();
  await refundLateCharges();
  expect(sandbox.chargesOf(order)).toMatchObject([{ amount_refunded: 1999, refunded: true }]);
  expect(await counted()).toBe(1);
});

it.each([
  ["before it began", { status: 503, beforeWork: true }],
  ["and is repeated for its key", {}],
])("repeats a refund that failed %s", async (_how, fault) => {
  const order = await givenUpPayment();
  sandbox.doLateWork();
  sandbox.faults.add({ operation: "refund", kind: "fail", ...fault });
  await refundLateCharges();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  await refundLateCharges();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("leaves alone the charges of payments that did not fail", async () => {
  await givenUpPayment();
  const order = await orderToPay();
  const answer = pays(order);
  await untilPayment(order, "charged");
  await refundLateCharges();
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  later(seconds(720));
  await answer;
});

it.each([
  ["no payment has failed", async () => {}],
  ["the card was declined", async () => void (await pays(await orderToPay(), "tok_chargeDeclined"))],
  [
    "a payment was given up longer ago than a charge can be late",
    async () => {
      await givenUpPayment();
      const now = clock.now() + hours(27);
      clock.use(() => now);
    },
  ],
])("asks the gateway nothing when %s", async (_when, prepare) => {
  await prepare();
  sandbox.faults.add({ operation: "read", kind: "fail" });
  await refundLateCharges(); // would throw
});
