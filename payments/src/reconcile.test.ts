import { clock, hours, minutes, seconds } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { orderCancelled, orderCompleted } from "./listeners/order-changed";
import { trusted } from "mongoose";
import { z } from "zod";
import { externalChanges } from "./metrics";
import { Payment } from "./models/payment";
import { Reconciliation, advance, claimReconciliation } from "./models/reconciliation";
import { unreconciledPayments } from "./compare";
import { reconcile, reconcileByHand, reconcileWhenDue } from "./reconcile";
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
  setUpSandbox,
} from "../test/fixtures";

setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });

beforeEach(() => {
  sandbox.ledger.charges.clear();
  sandbox.ledger.refunds.clear();
  sandbox.requests.length = 0;
});

/** A charge at the gateway that names a payment which may or may not exist. */
const chargeAtGateway = ({ id: orderId }: OrderEvent, paymentId = newId()) =>
  gateway().charge({ paymentId, orderId, amount: 1999, currency: "usd", token: "tok_visa" });

async function differences(options = {}): Promise<string[]> {
  const found: string[] = [];
  await reconcile({ ...options, report: ({ problem }) => found.push(problem) });
  return found;
}

/** As the sweep does, until nothing is due. */
async function compareAllThatIsDue(): Promise<void> {
  do await reconcileWhenDue();
  while (await Reconciliation.exists({ progress: trusted({ $exists: true }) }));
}

const countOf = (request: string) => sandbox.requests.filter((one) => one === request).length;

async function settledPayment(): Promise<Payment> {
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await deliver(orderCompleted, completionOf(order));
  return payment;
}

/** As in Stripe's dashboard. */
async function refundByHand({ stripeId }: Payment, amount: number): Promise<void> {
  const response = await fetch(`${process.env.STRIPE_API_URL}/v1/refunds`, {
    method: "POST",
    headers: { authorization: "Bearer sk_test_dashboard" },
    body: new URLSearchParams({ charge: stripeId ?? "", amount: String(amount) }),
  });
  expect(response.status).toBe(200);
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
  expect(await differences()).toEqual(["no payment knows this charge"]);
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
  expect(await differences({ refundsUnknown: true })).toEqual(["no payment knows this charge"]);
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

it("reports a payment whose charge the gateway does not know", async () => {
  const payment = await chargedPayment(await orderToPay());
  sandbox.ledger.charges.clear();
  later(hours(2));
  const found: object[] = [];
  await reconcile({ report: (difference) => found.push(difference) });
  expect(found).toMatchObject([
    { problem: "the gateway does not know this charge", paymentId: payment.id, isRefunded: false },
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
    "the gateway does not know this charge",
    "the payment of this charge was charged twice",
  ]);
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

  const counted = async () =>
    Object.fromEntries(
      (await externalChanges.get()).values.map(({ labels, value }) => [labels.change, value]),
    );

  it("is reported when it refunded part of the price", async () => {
    const payment = await settledPayment();
    await refundByHand(payment, 500);
    later(hours(2));
    expect(await differences()).toEqual(["only a part of the charge of a settled payment was refunded"]);
    expect(await counted()).toEqual({ refund: 1 });
  });

  it("is reported when it refunded only part of a refunded payment", async () => {
    const payment = await settledPayment();
    await Payment.updateOne({ _id: payment.id }, { state: "refunded" });
    await refundByHand(payment, 500);
    later(hours(2));
    expect(await differences()).toEqual(["only a part of the charge of a refunded payment was refunded"]);
  });

  it.each([
    [500, "only a part of the charge of a settled payment was refunded"],
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

  it("is reported when the cardholder disputed the charge", async () => {
    const { stripeId } = await settledPayment();
    const charge = sandbox.ledger.charges.get(stripeId ?? "");
    if (charge) charge.disputed = true;
    later(hours(2));
    expect(await differences()).toEqual(["the charge of a settled payment is disputed"]);
    expect(await counted()).toEqual({ dispute: 1 });
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

describe("the comparison that is due", () => {
  /** Charges of no payment of ours, on so many pages. */
  function fillPages(count: number): void {
    const created = Math.floor(clock.now() / 1000);
    for (let index = 0; index < 100 * count; index++) {
      const id = `ch_${index}`;
      const rest = { amount: 1999, amount_refunded: 1999, captured: true, created, currency: "usd" } as const;
      sandbox.ledger.charges.set(id, {
        id,
        object: "charge",
        ...rest,
        description: null,
        disputed: false,
        failure_code: null,
        failure_message: null,
        livemode: false,
        metadata: {},
        paid: true,
        payment_method_details: { type: "card", card: { brand: "Visa", last4: "4242" } },
        refunded: true,
        status: "succeeded",
      });
    }
  }

  it("processes each page once, however many processes there are, and nothing until it is due again", async () => {
    fillPages(3);
    await Promise.all(Array.from({ length: 4 }, compareAllThatIsDue));
    expect(countOf("GET /v1/charges")).toBe(6); // hourly and daily
    expect(countOf("GET /v1/refunds")).toBe(2);

    later(minutes(59));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(6);
    later(minutes(61));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(9); // hourly
    later(hours(27));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(13); // daily again, and an hourly one that finds nothing so young
  });

  it("resumes after a rejection at the rejected page, after a pause", async () => {
    fillPages(3);
    await reconcileWhenDue(); // the first page of both
    sandbox.faults.add({ operation: "read", kind: "fail", status: 429, times: 2 });
    await reconcileWhenDue();
    expect(countOf("GET /v1/charges")).toBe(4);
    await reconcileWhenDue();
    expect(countOf("GET /v1/charges")).toBe(4);

    later(seconds(11));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(8);
  });

  it("is continued by another process after a crash", async () => {
    const order = await orderToPay();
    await chargeAtGateway(order);
    await Reconciliation.create({
      _id: "daily",
      nextDueAt: clock.now() + hours(24),
      claimedUntil: 0,
      claim: "-",
    });
    expect(await claimReconciliation("hourly")).toMatchObject({ _id: "hourly" }); // and is not heard of again
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(0);
    later(minutes(2) + 1);
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(1);
  });

  it("is not set back by a process that took too long over a page", async () => {
    const slow = await claimReconciliation("hourly");
    later(minutes(2) + 1);
    const other = await claimReconciliation("hourly");
    if (!slow || !other) throw new Error("Nothing was due");
    const progress = { startedAt: new Date(), from: new Date(), until: new Date(), step: "charges" } as const;
    expect(await advance(other, { ...progress, after: "ch_2" })).toBe(true);
    expect(await advance(slow, { ...progress, after: "ch_1" })).toBe(false);
    expect(await Reconciliation.findById("hourly")).toMatchObject({ progress: { after: "ch_2" } });
  });

  async function failedPayments(): Promise<void> {
    for (let count = 0; count < 3; count++) {
      const order = await orderToPay();
      const payment = await begunPayment(order);
      payment.fail("given up");
      await payment.save();
      await chargeAtGateway(order, payment.id);
    }
  }

  async function paymentsThatNoListShows(): Promise<void> {
    for (let count = 0; count < 3; count++) await settledPayment();
    sandbox.ledger.charges.clear();
  }

  async function refundsOfOldCharges(): Promise<void> {
    const payments = [await settledPayment(), await settledPayment(), await settledPayment()];
    later(hours(24 * 30));
    for (const payment of payments) await refundByHand(payment, 500);
  }

  it.each([
    ["refunds of late charges", failedPayments, /^POST .v1.refunds/],
    ["look-ups of refunded charges", refundsOfOldCharges, /^GET .v1.charges.ch_/],
    ["look-ups of charges that no list showed", paymentsThatNoListShows, /^GET .v1.charges.ch_/],
  ])("stops between two %s, and leaves the page to another process", async (_items, prepare, request) => {
    await prepare();
    later(hours(2));
    sandbox.requests.length = 0;
    const stopping = new AbortController();
    sandbox.listen((words) => {
      if (request.test(words)) stopping.abort();
    });
    const seen = () => sandbox.requests.filter((words) => request.test(words)).length;
    const run = async () => {
      for (let page = 0; page < 4; page++) await reconcileWhenDue(stopping.signal);
    };
    const thrown: unknown = await run().catch((error: unknown) => error);
    expect(thrown).toBe(stopping.signal.reason);
    expect(seen()).toBe(1);
    const stopped = await Reconciliation.findById("hourly").orFail();
    expect(stopped.failures).toBe(0);
    expect(stopped.claimedUntil.getTime()).toBeLessThanOrEqual(clock.now());
    await compareAllThatIsDue(); // at the same moment: nothing waits for the claim to expire
    expect(seen()).toBeGreaterThanOrEqual(3);
  });

  it("starts over when the gateway no longer knows its position", async () => {
    fillPages(2);
    await reconcileWhenDue();
    sandbox.ledger.charges.clear();
    await reconcileWhenDue();
    later(seconds(11));
    await compareAllThatIsDue();
    expect(await Reconciliation.find()).toMatchObject([{ failures: 0 }, { failures: 0 }]);
  });
});

it("run by hand, retries only the page that the gateway rejected", async () => {
  for (let count = 0; count < 3; count++) await chargeAtGateway(await orderToPay());
  sandbox.faults.add({ operation: "read", kind: "fail", status: 429, times: 2 });
  await reconcileByHand([]);
  expect(countOf("GET /v1/charges")).toBe(3);
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
    expect(found.toSorted()).toEqual(["money is held for a failed payment", "money is held for no payment"]);
    expect([statusOf(failed), statusOf(unknown)]).toEqual(["canceled", "canceled"]);
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
