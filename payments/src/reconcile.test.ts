import { clock, hours } from "@eventhive/common";
import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { z } from "zod";
import { app } from "./app";
import { unreconciledPayments } from "./compare";
import { database } from "./database";
import { orderCancelled, orderCompleted } from "./listeners/order-changed";
import { externalChanges, foundDifferences } from "./metrics";
import { Payment } from "./models/payment";
import { reconcile, reconcileByHand } from "./reconcile";
import { finishRefunds } from "./refund";
import { gateway, intentGateway } from "./stripe";
import {
  type OrderEvent,
  begunPayment,
  cancellationOf,
  chargedPayment,
  completionOf,
  later,
  orderToPay,
} from "../test/fixtures";
import {
  chargeAtGateway,
  compareAllThatIsDue,
  refundByHand,
  setUpReconciliation,
  settledPayment,
} from "../test/reconciling";

setUpService(database);
const sandbox = setUpReconciliation();
const { countOf } = sandbox;

/** As if the buyer had been charged twice. */
function secondChargeOf({ stripeId }: Payment) {
  const first = sandbox.ledger.charges.get(stripeId ?? "");
  if (!first) throw new Error(`There is no charge ${stripeId}`);
  const second = { ...first, id: `${stripeId}_second`, metadata: { ...first.metadata } };
  sandbox.ledger.write({ charge: second });
  return second;
}

beforeEach(() => foundDifferences.reset());

/** The differences that a metric has counted since the test began. */
const counted = async () =>
  (await foundDifferences.get()).values.flatMap(({ labels, value }) =>
    value > 0 ? [labels.difference] : [],
  );

async function differences(options = {}): Promise<string[]> {
  const found: string[] = [];
  await reconcile({ ...options, report: ({ problem }) => found.push(problem) });
  return found;
}

it("reports nothing for consistent payments", async () => {
  await chargedPayment(await orderToPay());
  await begunPayment(await orderToPay());
  const settled = await orderToPay();
  await chargedPayment(settled);
  await deliver(orderCompleted, completionOf(settled));
  const refunded = await orderToPay();
  await chargedPayment(refunded);
  await deliver(orderCancelled, cancellationOf(refunded));
  await finishRefunds();

  later(hours(2));
  expect(await differences({ refundsUnknown: true })).toEqual([]);
  expect([...sandbox.ledger.charges.values()].filter((charge) => charge.refunded)).toHaveLength(1);
});

it("refunds a charge whose payment failed, once", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  payment.fail("given up");
  await payment.save();
  await chargeAtGateway(order, payment.id);
  later(hours(2));
  expect(await differences()).toEqual(["the payment of this charge failed"]);
  expect(await differences()).toEqual([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("only reports a charge without a payment, until it is run by hand", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(2));
  await compareAllThatIsDue();
  expect(await differences()).toEqual(["no payment matches this charge"]);
  expect(await counted()).toEqual(["unknown_charge"]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);

  await reconcileByHand([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
  expect(await differences()).toEqual([]);
});

it("never refunds a charge that names no payment: it may belong to another system", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  for (const charge of sandbox.chargesOf(order)) charge.metadata = { invoice: "7" };
  later(hours(2));
  expect(await differences({ refundsUnknown: true })).toEqual(["no payment matches this charge"]);
  expect(await counted()).toEqual([]);
  expect([...sandbox.ledger.charges.values()]).toMatchObject([{ refunded: false }]);
});

it("ignores recent charges", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(0.9));
  expect(await differences({ refundsUnknown: true })).toEqual([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
});

it("never touches a charge whose payment has not ended", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await chargeAtGateway(order, payment.id);
  later(hours(2));
  await reconcileByHand([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
});

it("reports a payment whose charge does not exist at Stripe", async () => {
  const payment = await chargedPayment(await orderToPay());
  sandbox.ledger.charges.clear();
  later(hours(2));
  const found: object[] = [];
  await reconcile({ report: (difference) => found.push(difference) });
  expect(found).toMatchObject([
    { problem: "this charge does not exist at Stripe", paymentId: payment.id, isRefunded: false },
  ]);
});

it("reports amounts, charges and refunds that differ from the payment", async () => {
  const dearer = await chargedPayment(await orderToPay());
  await Payment.updateOne({ _id: dearer.id }, { amount: 1 });

  const settled = await orderToPay();
  const { stripeId, id: paymentId } = await chargedPayment(settled);
  await deliver(orderCompleted, completionOf(settled));
  await gateway().refund({ paymentId, stripeId: stripeId ?? "" });

  const kept = await chargedPayment(await orderToPay());
  await Payment.updateOne({ _id: kept.id }, { state: "refunded" });

  const twice = await chargedPayment(await orderToPay());
  await Payment.updateOne({ _id: twice.id }, { stripeId: "ch_other" });

  later(hours(2));
  expect((await differences()).sort()).toEqual([
    "the amounts differ",
    "the charge of a refunded payment was not refunded",
    "the charge of a settled payment was refunded",
    "the payment of this charge was charged twice",
    "this charge does not exist at Stripe",
  ]);
  const counts = new Set(await counted());
  expect(counts).toEqual(new Set(["amount", "charged_twice", "missing_charge", "not_refunded"]));
});

it("refunds an unknown charge by hand, although Stripe repeats the failure of the first attempt", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(2));
  sandbox.faults.add({ operation: "refund", kind: "fail" });
  await reconcileByHand([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  await reconcileByHand([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("looks back the given number of days", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(24 * 3));
  await reconcileByHand(["2"]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  await reconcileByHand(["4"]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it.each([
  [["many"], "expected number"],
  [["0"], "expected number to be >0"],
  [["7", "-1"], "expected number to be >0"],
])("refuses the arguments %j", (args, problem) => {
  expect(() => reconcileByHand(args)).toThrow(problem);
});

describe("what was done in Stripe's dashboard", () => {
  beforeEach(() => externalChanges.reset());

  /** As the buyer sees it. */
  async function listed({ userId }: Payment): Promise<object> {
    const { body } = await request(app).get("/api/payments").set("Cookie", signedIn(userId)).expect(200);
    return body[0];
  }

  const changes = async () =>
    Object.fromEntries(
      (await externalChanges.get()).values.map(({ labels, value }) => [labels.change, value]),
    );

  it("is reported when it refunded part of the price", async () => {
    const payment = await settledPayment();
    await refundByHand(payment, 500);
    later(hours(2));
    expect(await differences()).toEqual(["only part of the charge of a settled payment was refunded"]);
    expect(await changes()).toEqual({ refund: 1 });
    expect(await counted()).toEqual([]);
    expect(await listed(payment)).toMatchObject({ state: "settled", amountRefunded: 500 });
  });

  it("is reported when it refunded only part of a refunded payment", async () => {
    const payment = await settledPayment();
    await Payment.updateOne({ _id: payment.id }, { state: "refunded" });
    await refundByHand(payment, 500);
    later(hours(2));
    expect(await differences()).toEqual(["only part of the charge of a refunded payment was refunded"]);
  });

  it.each([
    [500, "only part of the charge of a settled payment was refunded"],
    [1999, "the charge of a settled payment was refunded"],
  ])(
    "is reported when it refunded %s of a charge that is older than what is compared",
    async (amount, problem) => {
      const payment = await settledPayment();
      later(hours(24 * 30));
      await refundByHand(payment, amount);
      expect(await differences()).toEqual([problem]);
    },
  );

  it("is reported when the cardholder disputed a charge that is older than what is compared", async () => {
    const payment = await settledPayment();
    later(hours(24 * 60));
    const { created } = await sandbox.dispute(payment.stripeId ?? "");
    expect(await differences()).toEqual(["the charge of a settled payment is disputed"]);
    expect(await changes()).toEqual({ dispute: 1 });
    const disputedAt = new Date(created * 1000).toISOString();
    expect(await listed(payment)).toMatchObject({ state: "settled", disputedAt });
  });

  it("is reported when the cardholder disputed a second, old charge of a payment", async () => {
    const payment = await settledPayment();
    const second = secondChargeOf(payment);
    later(hours(24 * 60));
    await sandbox.dispute(second.id);
    expect(await differences()).toEqual(["a charge that no payment matches is disputed"]);
    expect(await changes()).toEqual({ dispute: 1 });
  });

  it("is ignored when the disputed charge names no payment", async () => {
    const payment = await settledPayment();
    const { id, metadata } = secondChargeOf(payment);
    for (const name of Object.keys(metadata)) delete metadata[name];
    later(hours(24 * 60));
    await sandbox.dispute(id);
    expect(await differences()).toEqual([]);
    expect(await changes()).toEqual({});
  });

  it("is not shown to the buyer when it is of a second charge", async () => {
    const payment = await settledPayment();
    const second = secondChargeOf(payment);
    await refundByHand({ stripeId: second.id }, 500);
    later(hours(2));
    expect(await differences()).toEqual(["the payment of this charge was charged twice"]);
    expect(await listed(payment)).not.toHaveProperty("amountRefunded");
  });

  it("is not reported when it refunded part of what is being refunded anyway", async () => {
    const order = await orderToPay();
    const payment = await chargedPayment(order);
    await refundByHand(payment, 500);
    await deliver(orderCancelled, cancellationOf(order));
    later(hours(2));
    expect(await differences()).toEqual([]);
    await finishRefunds();
    expect(await differences()).toEqual([]);
  });
});

it("run by hand, retries only the page that Stripe rejected", async () => {
  for (let count = 0; count < 3; count++) await chargeAtGateway(await orderToPay());
  sandbox.faults.add({ operation: "read", kind: "fail", status: 429, times: 2 });
  await reconcileByHand([]);
  expect(countOf("GET /v1/charges")).toBe(3);
});

it("run by hand, compares everything else when Stripe refuses a list, and reports that it is incomplete", async () => {
  sandbox.deny("GET /v1/charges");
  await expect(reconcileByHand([])).rejects.toThrow("The comparison is incomplete");
  for (const list of ["payment_intents", "refunds", "disputes"]) expect(countOf(`GET /v1/${list}`)).toBe(1);
});

it("looks up charges that no list showed, because that proves nothing", async () => {
  const payment = await settledPayment();
  // Charged a day after it was begun: too late for the period that is compared.
  await Payment.collection.updateOne(
    { _id: payment._id },
    { $set: { createdAt: new Date(clock.now() - hours(30)) } },
  );
  for (const charge of sandbox.ledger.charges.values()) charge.created -= 24 * 3600 * 9;
  later(hours(2));
  expect(await differences({ days: 2 })).toEqual([]);
  expect(countOf(`GET /v1/charges/${payment.stripeId}`)).toBe(1);
  expect(await differences({ days: 2 })).toEqual([]);
  expect(countOf(`GET /v1/charges/${payment.stripeId}`)).toBe(1);
});

it("processes many unknown charges in parts", async () => {
  const payments = [];
  for (let count = 0; count < 41; count++) payments.push(await settledPayment());
  const createdAt = new Date();
  await Payment.collection.updateMany({}, { $set: { createdAt } }); // a tie is no reason to leave any out
  sandbox.ledger.charges.clear();
  later(hours(2));
  const found: (string | undefined)[] = [];
  await reconcile({ report: ({ paymentId }) => found.push(paymentId) });
  expect(found).toHaveLength(41);
  expect(new Set(found)).toEqual(new Set(payments.map(({ id }) => id)));
});

it("reads no payment that it does not compare", async () => {
  const [settled, unknown] = [await settledPayment(), await settledPayment()];
  await Payment.collection.insertMany(
    Array.from({ length: 500 }, (_, index) => ({
      orderId: newId(),
      tokenHash: newId(),
      stripeId: `ch_old_${index}`,
      state: "settled",
      createdAt: new Date(),
      outbox: [],
    })),
  );
  await Payment.updateOne({ _id: settled.id }, { $unset: { unreconciled: 1 } });
  later(hours(2));
  const now = clock.now();
  const [startedAt, from, until] = [now, now - hours(24), now - hours(1)].map((time) => new Date(time));
  if (!startedAt || !from || !until) throw new Error("no time");
  const query = unreconciledPayments({ startedAt, from, until, step: "payments" });
  const examined = z.object({ executionStats: z.object({ totalDocsExamined: z.number() }) });
  expect(await query.clone()).toMatchObject([{ id: unknown.id }]);
  const { executionStats } = examined.parse(await query.explain("executionStats"));
  expect(executionStats.totalDocsExamined).toBe(1);
});

describe("a hold", () => {
  /** As after a bug: by the protocol, no payment fails while its intent holds money. */
  async function holdAtGateway({ id: orderId }: OrderEvent, paymentId: string): Promise<string> {
    const terms = { paymentId, orderId, amount: 1999, currency: "usd", keptAnswers: 0 };
    const created = await intentGateway().create(terms);
    if (created.outcome !== "known") throw new Error(`The create was ${created.outcome}`);
    const { intentId } = created.intent;
    await intentGateway().confirm({ paymentId, intentId, token: "tok_visa", keptAnswers: 0 });
    return intentId;
  }

  const statusOf = (intentId: string) => sandbox.ledger.intents.get(intentId)?.status;

  it("is released when its payment has failed or does not exist", async () => {
    const order = await orderToPay();
    const payment = await begunPayment(order);
    payment.fail("Your card was declined.");
    await payment.save();
    const [failed, unknown] = [await holdAtGateway(order, payment.id), await holdAtGateway(order, newId())];
    expect(await differences()).toEqual([]); // too young
    later(hours(2));
    const found = await differences();
    expect(found.toSorted()).toEqual(["money is held for a failed payment", "no payment matches this hold"]);
    expect(await counted()).toEqual(["hold"]);
    expect([statusOf(failed), statusOf(unknown)]).toEqual(["canceled", "canceled"]);
  });

  it("is reported as still held when Stripe does not release it, and released by the next comparison", async () => {
    const intentId = await holdAtGateway(await orderToPay(), newId());
    later(hours(2));
    const outcomes: boolean[] = [];
    const report = ({ isRefunded }: { isRefunded: boolean }) => outcomes.push(isRefunded);
    sandbox.faults.add({ operation: "cancel", kind: "fail" });
    await reconcile({ report });
    expect(statusOf(intentId)).toBe("requires_capture");
    await reconcile({ report });
    expect(statusOf(intentId)).toBe("canceled");
    expect(outcomes).toEqual([false, true]);
  });

  it("is left alone while its payment has not ended", async () => {
    const order = await orderToPay();
    const payment = await begunPayment(order);
    const intentId = await holdAtGateway(order, payment.id);
    await Payment.updateOne({ _id: payment.id }, { state: "authorized", intentId });
    later(hours(2));
    expect(await differences()).toEqual([]);
    expect(statusOf(intentId)).toBe("requires_capture");
  });
});
