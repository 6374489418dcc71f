import { join } from "node:path";
import { clock, hours } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import { eventually } from "../../common/src/testing/eventually";
import { endProcesses, runOnce } from "../../common/test/service-process";
import { database } from "./database";
import { followOrder } from "./follow-order";
import { Order, applyOrder } from "./models/order";
import { Payment } from "./models/payment";
import { Reconciliation } from "./models/reconciliation"; // emptied before each test, so it is due
import { gateway } from "./stripe";
import {
  begunPayment,
  cancellationOf,
  chargedPayment,
  completionOf,
  orderToPay,
  reload,
  setUpSandbox,
} from "../test/fixtures";

setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });
afterEach(endProcesses);

/** The service as it is, without a broker, with these settings. */
function runPayments(
  check: (port: number) => void | Promise<void>,
  settings: { PAYMENT_FLOW?: "charges" } = {},
): Promise<void> {
  const { TEST_MONGO_URL, STRIPE_KEY, STRIPE_API_URL, STRIPE_TIMEOUT_SECONDS } = process.env;
  const MONGO_URL = `${TEST_MONGO_URL}/${database.name}`;
  const environment = { MONGO_URL, STRIPE_KEY, STRIPE_API_URL, STRIPE_TIMEOUT_SECONDS, ...settings };
  return runOnce(join(__dirname, "index.ts"), environment, check);
}

it("finishes an interrupted charge, although new payments use PaymentIntents", async () => {
  const order = await orderToPay();
  clock.use(() => Date.now() - hours(1));
  const payment = await begunPayment(order);
  await runPayments(async () => expect((await reload(payment)).state).toBe("charged"));
});

it("finishes an interrupted PaymentIntent payment, although new payments use charges", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await Payment.updateOne({ _id: payment.id }, { state: "authorizing", nextAttemptAt: new Date(0) });
  const settings = { PAYMENT_FLOW: "charges" } as const;
  await runPayments(async () => expect((await reload(payment)).state).toBe("authorized"), settings);
  expect(sandbox.intentsOf(order)).toMatchObject([{ status: "requires_capture" }]);
});

it("settles a payment whose order is already complete", async () => {
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await applyOrder(completionOf(order));
  await runPayments(async () => expect((await reload(payment)).state).toBe("settled"));
});

it("completes a refund that is due", async () => {
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await applyOrder(cancellationOf(order));
  await followOrder(order.id);
  expect(await reload(payment)).toMatchObject({ state: "refunding" });
  await runPayments(async () => expect((await reload(payment)).state).toBe("refunded"));
});

it("reconciles with Stripe, and refunds the charge of a failed payment", async () => {
  clock.use(() => Date.now() - hours(2));
  const order = await orderToPay();
  const payment = await begunPayment(order);
  payment.fail("given up");
  await payment.save();
  const { id: paymentId } = payment;
  const charge = { paymentId, orderId: order.id, amount: 1999, currency: "usd", token: "tok_visa" };
  // The process may be stopped for longer than the timeout of a request: the same charge is requested again.
  await eventually(async () => expect(await gateway().charge(charge)).toMatchObject({ outcome: "charged" }));
  clock.use();
  await runPayments(() => expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]));
});

it("prunes orders that were cancelled long ago", async () => {
  const expiresAt = new Date(clock.now() - hours(24 * 31)).toISOString();
  await applyOrder(cancellationOf({ ...(await orderToPay()), expiresAt }));
  await runPayments(async () => expect(await Order.countDocuments()).toBe(0));
});

it("reports how long a charge has been waiting for the outcome of its order", async () => {
  await chargedPayment(await orderToPay());
  await runPayments(async (port) => {
    expect(await metricsAt(port)).toMatch(/^payments_unfinished_seconds\{state="charged"\} (?!0$)/m);
  });
});

it("reports how long a comparison with Stripe has been overdue", async () => {
  const [nextDueAt, claimedUntil] = [-1, 1].map((away) => new Date(clock.now() + hours(away)));
  await Reconciliation.create({ _id: "daily", nextDueAt, claimedUntil, claim: "of another process" });
  await runPayments(async (port) => {
    expect(await metricsAt(port)).toMatch(/^payments_comparison_overdue_seconds\{schedule="daily"\} 36\d\d/m);
  });
});

async function metricsAt(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Connection: "close" } });
  return response.text();
}
