import { clock, hours, onFailpoint, seconds } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { finishIntents } from "./finish-intents";
import { followOrders } from "./follow-order";
import { orderCancelled, orderCompleted, orderUpdated } from "./listeners/order-changed";
import { Payment } from "./models/payment";
import {
  type OrderEvent,
  begunPayment,
  cancellationOf,
  completionOf,
  crashAt,
  grantOf,
  later,
  meanwhileAt,
  orderToPay,
  pays,
  setUpSandbox,
  untilPayment,
} from "../test/fixtures";

const { published } = setUpService(database);
const { chargesOf, confirmInBrowser, doLateWork, faults, happen, intentsOf, tokenOf } = setUpSandbox();

afterEach(() => onFailpoint(undefined));

/** What orders does once it receives the authorization. */
async function grants(order: OrderEvent): Promise<Payment> {
  const payment = await untilPayment(order, "authorized");
  await deliver(orderUpdated, grantOf(order, payment.id));
  return payment;
}

const paymentOf = (order: OrderEvent) => Payment.findOne({ orderId: order.id }).orFail().exec();
const statusesOf = (order: OrderEvent) => intentsOf(order).map(({ status }) => status);
const captured = (order: OrderEvent) => chargesOf(order).filter((charge) => charge.captured);

/** Everything that the sweeps do, until nothing is due for some minutes. */
async function sweep(order?: OrderEvent): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    later(seconds(65));
    await followOrders();
    await finishIntents();
    const authorized = order && (await Payment.findOne({ orderId: order.id, state: "authorized" }));
    if (authorized && order) await deliver(orderUpdated, grantOf(order, authorized.id));
  }
}

/** An order that lives through all sweeps. */
const longOrder = () => orderToPay({ expiresAt: new Date(clock.now() + hours(2)).toISOString() });

const challengedCard = "4000002760003184";

describe("a PaymentIntent payment", () => {
  it("holds the money, and captures it once the order is granted to it", async () => {
    const order = await orderToPay();
    const response = pays(order);
    const { id, intentId } = await untilPayment(order, "authorized");
    expect(captured(order)).toEqual([]);
    await deliver(orderUpdated, grantOf(order, id));

    const { status, body } = await response;
    const [charge] = captured(order);
    expect({ status, body }).toMatchObject({ status: 201, body: { state: "charged", stripeId: charge?.id } });
    expect(statusesOf(order)).toEqual(["succeeded"]);
    const sent = { id, orderId: order.id, intentId };
    expect(await published("payment:authorized")).toMatchObject([{ ...sent, state: "authorized" }]);
    expect(await published("payment:created")).toMatchObject([
      { ...sent, state: "charged", stripeId: charge?.id },
    ]);
  });

  it("is settled once its order is complete, and the same token gets the same payment", async () => {
    const order = await orderToPay();
    const response = pays(order);
    const { id } = await grants(order);
    await response;
    await deliver(orderCompleted, { ...completionOf(order), version: 2, paymentId: id });
    expect(await pays(order)).toMatchObject({ status: 201, body: { id, state: "settled" } });
    expect(intentsOf(order)).toHaveLength(1);
  });

  it("captures nothing for an order that is granted to another payment", async () => {
    const order = await orderToPay();
    const response = pays(order);
    const { id } = await untilPayment(order, "authorized");
    await deliver(orderUpdated, grantOf(order, newId()));
    later(seconds(6));
    expect(await response).toMatchObject({ status: 202, body: { id, state: "authorized" } });
    expect(captured(order)).toEqual([]);
  });

  it.each([
    ["tok_chargeDeclined", "Your card was declined."],
    ["tok_chargeDeclinedInsufficientFunds", "Your card has insufficient funds."],
    ["tok_none", "No such token: 'tok_none'"],
    ["ctoken_none", "No such confirmation_token: 'ctoken_none'"],
  ])("fails with the reason when %s is declined, and leaves nothing at Stripe", async (token, message) => {
    const order = await orderToPay();
    expect(await pays(order, token)).toMatchObject({
      status: 400,
      body: { code: "payment-declined", errors: [{ message }] },
    });
    expect(statusesOf(order)).toEqual(["canceled"]);
    expect(await paymentOf(order)).toMatchObject({ state: "failed", openAttempts: 0 });
    expect([await published("payment:failed"), await published("payment:authorized")]).toEqual([[], []]);
  });

  it("lets another card pay after a decline", async () => {
    const order = await orderToPay();
    await pays(order, "tok_chargeDeclined");
    const response = pays(order);
    await grants(order);
    expect(await response).toMatchObject({ status: 201 });
  });

  it("is refused while another card is being charged", async () => {
    const order = await orderToPay();
    const response = pays(order);
    await untilPayment(order, "authorized");
    expect(await pays(order, "tok_mastercard")).toMatchObject({
      status: 400,
      body: { code: "payment-in-progress" },
    });
    await grants(order);
    await response;
    expect(captured(order)).toHaveLength(1);
  });

  it("fails, and publishes that, when its order is cancelled while the money is held", async () => {
    const order = await orderToPay();
    const response = pays(order);
    await untilPayment(order, "authorized");
    await deliver(orderCancelled, cancellationOf(order));
    expect(await response).toMatchObject({ status: 400, body: { code: "order-cancelled" } });
    expect(statusesOf(order)).toEqual(["canceled"]);
    expect(await published("payment:failed")).toMatchObject([{ orderId: order.id, state: "failed" }]);
  });

  it("holds nothing for an overdue order", async () => {
    const order = await orderToPay();
    meanwhileAt("payments.create.before", async () => later(seconds(61)));
    expect((await pays(order)).status).toBe(503);
    await sweep();
    expect(await paymentOf(order)).toMatchObject({ state: "failed" });
    expect(chargesOf(order)).toEqual([]);
  });
});

describe("3-D Secure", () => {
  it("is passed in the browser, which then posts the same token again", async () => {
    const order = await orderToPay();
    const token = await tokenOf(challengedCard);
    const first = await pays(order, token);
    const [intent] = intentsOf(order);
    expect(first).toMatchObject({
      status: 202,
      body: { state: "challenged", clientSecret: intent?.client_secret },
    });
    expect(await pays(order, token)).toMatchObject({ status: 202, body: { state: "challenged" } });
    await happen(intent?.id ?? "", "pass-challenge");
    const response = pays(order, token);
    await grants(order);
    expect(await response).toMatchObject({ status: 201 });
    expect(captured(order)).toHaveLength(1);
  });

  it("never stores the client secret", async () => {
    const order = await orderToPay();
    const { body } = await pays(order, await tokenOf(challengedCard));
    expect(JSON.stringify(await Payment.collection.find().toArray())).not.toContain(body.clientSecret);
  });

  it("declines the payment when the buyer fails it", async () => {
    const order = await orderToPay();
    const token = await tokenOf(challengedCard);
    await pays(order, token);
    await happen(intentsOf(order)[0]?.id ?? "", "fail-challenge");
    const errors = [{ message: "Your bank did not confirm this payment." }];
    expect(await pays(order, token)).toMatchObject({
      status: 400,
      body: { code: "payment-declined", errors },
    });
    expect(statusesOf(order)).toEqual(["canceled"]);
  });

  it("keeps a hold that is stored before an older decline arrives", async () => {
    const order = await orderToPay();
    await pays(order, await tokenOf(challengedCard));
    const intentId = intentsOf(order)[0]?.id ?? "";
    await happen(intentId, "fail-challenge");
    meanwhileAt("payments.retrieve.after", async () => {
      confirmInBrowser(intentId);
      later(seconds(20));
      await finishIntents();
    });
    later(seconds(10));
    await finishIntents();
    expect(await paymentOf(order)).toMatchObject({ state: "authorized" });
    expect(statusesOf(order)).toEqual(["requires_capture"]);
  });

  it("may be required again, of the card that the browser tries next", async () => {
    const order = await orderToPay();
    const token = await tokenOf(challengedCard);
    await pays(order, token);
    const intentId = intentsOf(order)[0]?.id ?? "";
    await happen(intentId, "fail-challenge");
    confirmInBrowser(intentId, challengedCard);
    expect(await pays(order, token)).toMatchObject({ status: 202, body: { state: "challenged" } });
    await happen(intentId, "pass-challenge");
    const response = pays(order, token);
    await grants(order);
    expect(await response).toMatchObject({ status: 201 });
  });

  it("does not lock out a buyer who closed it: another token replaces it", async () => {
    const order = await orderToPay();
    await pays(order, await tokenOf(challengedCard));
    const response = pays(order);
    await grants(order);
    expect(await response).toMatchObject({ status: 201 });
    expect(statusesOf(order)).toEqual(["canceled", "succeeded"]);
  });

  it("is found to be passed even if the browser never returns", async () => {
    const order = await orderToPay();
    await pays(order, await tokenOf(challengedCard));
    await happen(intentsOf(order)[0]?.id ?? "", "pass-challenge");
    later(seconds(10));
    await finishIntents();
    expect(await paymentOf(order)).toMatchObject({ state: "authorized" });
  });

  it("is found to be passed within ten seconds, however late", async () => {
    const order = await longOrder();
    await pays(order, await tokenOf(challengedCard));
    later(seconds(300));
    await finishIntents();
    await happen(intentsOf(order)[0]?.id ?? "", "pass-challenge");
    later(seconds(10));
    await finishIntents();
    expect(await paymentOf(order)).toMatchObject({ state: "authorized" });
  });

  it("ends with its order", async () => {
    const order = await orderToPay();
    await pays(order, await tokenOf(challengedCard));
    await deliver(orderCancelled, cancellationOf(order, "expired"));
    await finishIntents();
    expect(statusesOf(order)).toEqual(["canceled"]);
    expect(await paymentOf(order)).toMatchObject({ state: "failed" });
  });
});

describe("another card", () => {
  const refusal = { kind: "fail", beforeWork: true, status: 429, times: 1000 };

  /** A payment of which Stripe rejects every request for the operation, except the first ones, which meet other faults. */
  async function rejectedPayment(operation: string, ...firstFaults: object[]): Promise<OrderEvent> {
    const order = await longOrder();
    const token = await tokenOf("4242424242424242");
    for (const fault of [...firstFaults, refusal]) faults.add({ operation, ...fault });
    expect(await pays(order, token)).toMatchObject({ status: 503, body: { code: "payment-pending" } });
    expect(await paymentOf(order)).toMatchObject({ state: "authorizing" });
    faults.clear();
    return order;
  }

  async function isPaidInstead(order: OrderEvent, response: Promise<unknown>): Promise<void> {
    await response;
    await sweep(order);
    const payments = await Payment.find({ orderId: order.id }).sort({ createdAt: 1 });
    expect(payments.map(({ state }) => state)).toEqual(["failed", "charged"]);
    expect(captured(order)).toHaveLength(1);
    expect(chargesOf(order)).toHaveLength(1);
  }

  async function isRefused(order: OrderEvent): Promise<void> {
    expect(await pays(order, "tok_mastercard")).toMatchObject({
      status: 400,
      body: { code: "payment-in-progress" },
    });
    expect(await paymentOf(order)).toMatchObject({ state: "authorizing" });
  }

  it.each([
    ["intent", ["succeeded"]],
    ["payment-method", ["canceled", "succeeded"]],
    ["confirm", ["canceled", "succeeded"]],
  ])("pays when Stripe rejects each request of the first one: %s", async (operation, statuses) => {
    const order = await rejectedPayment(operation);
    await isPaidInstead(order, pays(order, "tok_mastercard"));
    expect(statusesOf(order)).toEqual(statuses);
  });

  it.each(["intent", "confirm"])("pays once when two are sent in parallel: %s", async (operation) => {
    const order = await rejectedPayment(operation);
    const responses = Promise.all(["tok_mastercard", "tok_amex"].map((token) => pays(order, token)));
    await isPaidInstead(order, responses);
    expect((await responses).filter(({ status }) => status === 400)).toMatchObject([
      { body: { code: "payment-in-progress" } },
    ]);
  });

  it.each([
    ["intent", { kind: "lose" }],
    ["intent", { kind: "late", milliseconds: 1 }],
    ["intent", { kind: "fail" }],
    ["payment-method", { kind: "lose" }],
    ["confirm", { kind: "lose", beforeWork: true }],
    ["confirm", { kind: "late", milliseconds: 1 }],
    ["confirm", { kind: "fail" }],
  ])("waits if one request may have been executed: %s, %j", async (operation, fault) => {
    await isRefused(await rejectedPayment(operation, fault));
  });

  it("waits while the request that began the first one is in progress", async () => {
    const order = await longOrder();
    await begunPayment(order);
    await isRefused(order);
  });

  it("waits while a sweep repeats a request of the first one", async () => {
    const order = await rejectedPayment("confirm");
    later(seconds(6));
    meanwhileAt("payments.confirm.before", () => isRefused(order));
    await finishIntents();
    expect(await paymentOf(order)).toMatchObject({ state: "authorized" });
  });

  it("waits when a request of the first one begins while it is being replaced", async () => {
    const order = await rejectedPayment("intent");
    const begin = () => Payment.updateOne({ orderId: order.id }, { $inc: { openRequests: 1 } }).exec();
    meanwhileAt("payments.save.before", begin, 2); // the first one is the insert of the new payment
    await isRefused(order);
  });

  it("waits for a payment that an older version of this service created", async () => {
    const order = await rejectedPayment("confirm");
    await Payment.updateOne({ orderId: order.id }, { $unset: { openRequests: 1 } });
    await isRefused(order);
  });
});

describe("is paid once, with one hold at a time, although", () => {
  const failpoints = ["create", "confirm", "capture"].flatMap((each) => [
    `payments.${each}.before`,
    `payments.${each}.after`,
  ]);
  const saves = ["payments.save.before", "payments.save.after"].flatMap((each) =>
    [1, 2, 3, 4, 5].map((time): [string, number] => [each, time]),
  );

  it.each([...failpoints.map((each): [string, number] => [each, 1]), ...saves])(
    "its process crashes at %s, time %i",
    async (failpoint, time) => {
      jest.spyOn(console, "error").mockImplementation(() => {});
      const order = await longOrder();
      crashAt(failpoint, time);
      const response = pays(order);
      void grants(order).catch(() => {});
      await response;
      onFailpoint(undefined);
      if (!(await Payment.findOne({ orderId: order.id }))) void (await pays(order));
      await sweep(order);
      expect(await paymentOf(order)).toMatchObject({ state: "charged" });
      expect(captured(order)).toHaveLength(1);
      expect(chargesOf(order)).toHaveLength(1);
    },
  );

  it.each([
    ["intent", { kind: "lose" }],
    ["intent", { kind: "late", milliseconds: 1 }],
    ["intent", { kind: "fail" }],
    ["intent", { kind: "fail", afterWork: true }],
    ["intent", { kind: "fail", beforeWork: true, status: 429 }],
    ["payment-method", { kind: "lose" }],
    ["payment-method", { kind: "fail" }],
    ["confirm", { kind: "lose" }],
    ["confirm", { kind: "lose", beforeWork: true }],
    ["confirm", { kind: "late", milliseconds: 1 }],
    ["confirm", { kind: "fail" }],
    ["confirm", { kind: "fail", afterWork: true }],
    ["capture", { kind: "lose" }],
    ["capture", { kind: "lose", beforeWork: true }],
    ["capture", { kind: "late", milliseconds: 1 }],
    ["capture", { kind: "fail", afterWork: true }],
    ["capture", { kind: "processing" }],
  ])("Stripe's %s meets the fault %j", async (operation, fault) => {
    const order = await longOrder();
    faults.add({ operation, ...fault });
    const response = pays(order, await tokenOf("4242424242424242"));
    void grants(order).catch(() => {});
    later(seconds(20));
    await response;
    doLateWork();
    const [intent] = intentsOf(order);
    if (intent?.status === "processing") await happen(intent.id, "end-processing");
    await sweep(order);
    expect(await paymentOf(order)).toMatchObject({ state: "charged" });
    expect(captured(order)).toHaveLength(1);
    expect(chargesOf(order)).toHaveLength(1);
  });
});

describe("the money is released when", () => {
  async function capturing(fault: object): Promise<OrderEvent> {
    const order = await longOrder();
    faults.add({ operation: "capture", ...fault });
    const response = pays(order);
    await grants(order);
    later(seconds(20));
    await response;
    return order;
  }

  it("a capture is refused permanently", async () => {
    const order = await capturing({ kind: "refuse" });
    await sweep();
    expect(statusesOf(order)).toEqual(["canceled"]);
    expect(await published("payment:failed")).toMatchObject([{ orderId: order.id }]);
  });

  it("a capture fails after it was processing", async () => {
    const order = await capturing({ kind: "processing" });
    await happen(intentsOf(order)[0]?.id ?? "", "fail-processing");
    await sweep();
    expect(statusesOf(order)).toEqual(["canceled"]);
    expect(await published("payment:failed")).toMatchObject([{ orderId: order.id }]);
  });

  it("3-D Secure is required again after a capture has failed", async () => {
    const order = await capturing({ kind: "processing" });
    const intentId = intentsOf(order)[0]?.id ?? "";
    await happen(intentId, "fail-processing");
    confirmInBrowser(intentId, challengedCard);
    await sweep();
    expect(statusesOf(order)).toEqual(["canceled"]);
    expect(await published("payment:failed")).toMatchObject([{ orderId: order.id }]);
  });

  it("the authorization lapses", async () => {
    const order = await orderToPay({ expiresAt: new Date(clock.now() + hours(3)).toISOString() });
    const response = pays(order);
    const { intentId = "" } = await untilPayment(order, "authorized");
    later(seconds(20));
    await response;
    await happen(intentId ?? "", "lapse");
    later(hours(1));
    await finishIntents();
    expect(await paymentOf(order)).toMatchObject({ state: "failed" });
    expect(await published("payment:failed")).toHaveLength(1);
  });

  it("an order is cancelled after a late capture was refused, unless the money was captured", async () => {
    const order = await longOrder();
    faults.add({ operation: "capture", kind: "late", milliseconds: 1 });
    faults.add({ operation: "capture", kind: "refuse" });
    meanwhileAt("payments.cancel.before", async () => doLateWork());
    const response = pays(order);
    await grants(order);
    later(seconds(3));
    await response;
    await sweep();
    expect(await paymentOf(order)).toMatchObject({ state: "charged" });
    expect(captured(order)).toHaveLength(1);
  });
});
