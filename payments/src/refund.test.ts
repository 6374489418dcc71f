import { clock, minutes, onFailpoint, seconds } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { orderCancelled } from "./listeners/order-changed";
import type { Payment } from "./models/payment";
import { finishRefunds } from "./refund";
import { gateway } from "./stripe";
import {
  cancellationOf,
  chargedPayment,
  crashAt,
  later,
  meanwhileAt,
  orderToPay,
  reload,
  setUpSandbox,
} from "../test/fixtures";

const { published } = setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });

async function paymentToRefund(): Promise<Payment> {
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await deliver(orderCancelled, cancellationOf(order));
  return reload(payment);
}

const refundsOf = ({ stripeId }: Payment) =>
  [...sandbox.ledger.refunds.values()].filter(({ charge }) => charge === stripeId);

it("refunds the whole amount and publishes it, once", async () => {
  const payment = await paymentToRefund();
  await finishRefunds();
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded", version: 3 });
  expect(refundsOf(payment)).toMatchObject([{ amount: 1999 }]);
  const { id, orderId, stripeId } = payment;
  expect(await published("payment:refunded")).toMatchObject([
    { id, version: 3, orderId, stripeId, amount: 1999, currency: "usd", state: "refunded" },
  ]);
});

it.each(["payments.refund.before", "payments.refund.after", "payments.save.before"])(
  "refunds once when it crashes at %s",
  async (failpoint) => {
    const payment = await paymentToRefund();
    crashAt(failpoint);
    await finishRefunds();
    onFailpoint(undefined);
    expect(await reload(payment)).toMatchObject({ state: "refunding" });

    later();
    await finishRefunds();
    expect(await reload(payment)).toMatchObject({ state: "refunded" });
    expect(refundsOf(payment)).toHaveLength(1);
    expect(await published("payment:refunded")).toHaveLength(1);
  },
);

it("refunds once when the response is lost", async () => {
  const payment = await paymentToRefund();
  sandbox.faults.add({ operation: "refund", kind: "lose", times: 2 }); // Stripe's library retries once
  await finishRefunds();
  later();
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded" });
  expect(refundsOf(payment)).toHaveLength(1);
});

it.each([
  ["before the work", {}, "refunding"],
  ["after the work", { afterWork: true }, "refunded"],
])(
  "refunds once, within minutes, when Stripe failed %s and repeats that for the key",
  async (_when, fault, state) => {
    const payment = await paymentToRefund();
    sandbox.faults.add({ operation: "refund", kind: "fail", ...fault });
    await finishRefunds();
    expect(await reload(payment)).toMatchObject({ state });
    later(seconds(60));
    await finishRefunds();
    expect(await reload(payment)).toMatchObject({ state: "refunded" });
    expect(refundsOf(payment)).toMatchObject([{ amount: 1999 }]);
  },
);

it("refunds once when each of several keys fails, one of them after the work", async () => {
  const payment = await paymentToRefund();
  sandbox.faults.add({ operation: "refund", kind: "fail", times: 2 });
  sandbox.faults.add({ operation: "read", kind: "fail" }); // so it is not known that the first one did nothing
  sandbox.faults.add({ operation: "refund", kind: "fail", afterWork: true });
  for (let run = 1; run <= 4; run++) {
    await finishRefunds();
    later(seconds(60) * run);
  }
  expect(await reload(payment)).toMatchObject({ state: "refunded" });
  expect(refundsOf(payment)).toHaveLength(1);
});

it("uses another key even if the process that saw the failure has crashed", async () => {
  const payment = await paymentToRefund();
  const { id: paymentId, stripeId } = payment;
  sandbox.faults.add({ operation: "refund", kind: "fail" });
  await expect(gateway().refund({ paymentId, stripeId: stripeId ?? "" })).rejects.toThrow("unknown error");
  await finishRefunds();
  later(seconds(60));
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded" });
  expect(refundsOf(payment)).toHaveLength(1);
});

it("refunds once when several processes do so concurrently", async () => {
  const payment = await paymentToRefund();
  await Promise.all([finishRefunds(), finishRefunds(), finishRefunds()]);
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded", version: 3 });
  expect(refundsOf(payment)).toHaveLength(1);
  expect(await published("payment:refunded")).toHaveLength(1);
});

it("sends one request when several processes refund concurrently", async () => {
  const payment = await paymentToRefund();
  sandbox.faults.add({ operation: "refund", kind: "fail", status: 503, beforeWork: true, times: 10 });
  sandbox.requests.length = 0;
  await Promise.all([finishRefunds(), finishRefunds(), finishRefunds()]);
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunding" });
  expect(sandbox.requests.filter((each) => each === "POST /v1/refunds")).toHaveLength(1);
});

it("retries with growing pauses, of 10 minutes at most, while it fails", async () => {
  const payment = await paymentToRefund();
  sandbox.faults.add({ operation: "refund", kind: "fail", status: 503, beforeWork: true, times: 1000 });
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 40; attempt++) {
    await finishRefunds();
    const { nextAttemptAt } = await reload(payment);
    pauses.push(Number(nextAttemptAt) - clock.now());
    clock.use(() => Number(nextAttemptAt));
  }
  expect(pauses[0]).toBeLessThan(seconds(4));
  expect(Math.max(...pauses)).toBeGreaterThan(minutes(5));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(minutes(10));
});

it("publishes it once when another process does the same between the load and the save", async () => {
  const payment = await paymentToRefund();
  meanwhileAt("payments.save.before", async () => {
    later(); // its claim has expired
    await finishRefunds();
  });
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded", version: 3 });
  expect(await published("payment:refunded")).toHaveLength(1);
});

it("accepts a refund that was made by hand", async () => {
  const payment = await paymentToRefund();
  await gateway().refund({ paymentId: "by-hand", stripeId: payment.stripeId ?? "" });
  await finishRefunds();
  expect(await reload(payment)).toMatchObject({ state: "refunded" });
  expect(refundsOf(payment)).toHaveLength(1);
});

it("does not let a failing refund delay another, and retries it", async () => {
  const payments = [await paymentToRefund(), await paymentToRefund()];
  const states = async () => (await Promise.all(payments.map(reload))).map(({ state }) => state).sort();
  sandbox.faults.add({ operation: "refund", kind: "fail", beforeWork: true });
  await finishRefunds();
  expect(await states()).toEqual(["refunded", "refunding"]);
  later();
  await finishRefunds();
  expect(await states()).toEqual(["refunded", "refunded"]);
});
