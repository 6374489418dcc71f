import { clock, hours, onFailpoint } from "@eventhive/common";
import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { app } from "../app";
import { database } from "../database";
import { orderCancelled, orderCompleted } from "../listeners/order-changed";
import { applyOrder } from "../models/order";
import { Payment } from "../models/payment";
import { followOrders } from "../follow-order";
import { finishRefunds } from "../refund";
import {
  cancellationOf,
  completionOf,
  later,
  orderToPay,
  pays,
  setUpSandbox,
  untilPayment,
} from "../../test/fixtures";

const { published } = setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });

const post = (input: object, cookie = signedIn()) =>
  request(app).post("/api/payments").set("Cookie", cookie).send(input);

it("returns 201 once orders has accepted the payment, having charged the order's price", async () => {
  const order = await orderToPay();
  const response = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));

  const { status, body } = await response;
  const [charge] = sandbox.chargesOf(order);
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(String),
    version: 2,
    createdAt: expect.any(String),
    orderId: order.id,
    userId: order.userId,
    stripeId: charge?.id,
    amount: 1999,
    currency: "usd",
    state: "settled",
  });
  expect(charge).toMatchObject({
    amount: 1999,
    currency: "usd",
    metadata: { orderId: order.id, paymentId: body.id },
  });
});

it("responds with what is stored when a sweep settles the payment first", async () => {
  const order = await orderToPay();
  let isFaster = true;
  onFailpoint(async (name) => {
    if (name === "payments.charge.after") await applyOrder(completionOf(order));
    if (name !== "payments.save.before" || !isFaster || !(await Payment.exists({ state: "charged" }))) return;
    isFaster = false;
    await followOrders();
  });
  const { status, body } = await pays(order);
  const { state, version } = await Payment.findById(body.id).orFail();
  expect({ status, state: body.state, version: body.version }).toEqual({ status: 201, state, version });
  expect([isFaster, version]).toEqual([false, 2]);
});

it("publishes a charge, once", async () => {
  const order = await orderToPay();
  const response = pays(order);
  const payment = await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  await response;
  const { id, userId, stripeId } = payment;
  expect(await published("payment:created")).toEqual([
    { id, version: 1, orderId: order.id, userId, stripeId, amount: 1999, currency: "usd", state: "charged" },
  ]);
});

it("returns 202 when orders has not responded within five seconds", async () => {
  const order = await orderToPay();
  const response = pays(order);
  await untilPayment(order, "charged");
  later(5000);
  expect(await response).toMatchObject({ status: 202, body: { state: "charged", amount: 1999 } });
});

it.each([
  ["buyer", "order-cancelled"],
  ["expired", "order-expired"],
] as const)("gives the money back when orders refuses it: %s", async (reason, code) => {
  const order = await orderToPay();
  const response = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCancelled, cancellationOf(order, reason));
  expect(await response).toMatchObject({ status: 400, body: { code } });

  await finishRefunds();
  expect(sandbox.chargesOf(order)).toMatchObject([{ amount: 1999, amount_refunded: 1999, refunded: true }]);
  expect(await published("payment:refunded")).toMatchObject([
    { orderId: order.id, version: 3, state: "refunded" },
  ]);
});

it.each([
  ["a cancelled order", { status: "cancelled", cancelReason: "buyer" }, "order-cancelled"],
  [
    "an order that was cancelled for its time",
    { status: "cancelled", cancelReason: "expired" },
    "order-expired",
  ],
  [
    "an order whose time is over",
    { expiresAt: new Date(clock.now() - hours(1)).toISOString() },
    "order-expired",
  ],
  ["a paid order", { status: "complete" }, "order-paid"],
] as const)("refuses %s without touching the card", async (_what, difference, code) => {
  const order = await orderToPay(difference);
  expect(await pays(order)).toMatchObject({ status: 400, body: { code } });
  expect(sandbox.chargesOf(order)).toEqual([]);
  expect(await Payment.countDocuments()).toBe(0);
});

it("returns payment-declined with the reason of the decline, and accepts another card", async () => {
  const order = await orderToPay();
  expect(await pays(order, "tok_chargeDeclinedInsufficientFunds")).toMatchObject({
    status: 400,
    body: { code: "payment-declined", errors: [{ message: "Your card has insufficient funds." }] },
  });
  const second = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect((await second).status).toBe(201);
  expect(sandbox.chargesOf(order)).toMatchObject([{ paid: false }, { paid: true }]);
});

it("returns 503 payment-pending when the outcome of the charge is unknown", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "lose", times: 100 }); // however often it is asked
  const { status, body, headers } = await pays(order);
  expect({ status, code: body.code }).toEqual({ status: 503, code: "payment-pending" });
  expect(headers["retry-after"]).toBe("1");
});

it("returns 503 payment-pending when Stripe takes too long", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "delay", milliseconds: 2500 });
  expect(await pays(order)).toMatchObject({ status: 503, body: { code: "payment-pending" } });
});

it("returns 403 for another user's order", async () => {
  const order = await orderToPay();
  const { body } = await post({ orderId: order.id, token: "tok_visa" }).expect(403);
  expect(body.code).toBe("not-yours");
  expect(await Payment.countDocuments()).toBe(0);
});

it("returns 404 for an unknown order", async () => {
  const { body } = await post({ orderId: newId(), token: "tok_visa" }).expect(404);
  expect(body.code).toBe("not-found");
});

const orderId = "0123456789abcdef01234567";

it.each([
  ["no order", { token: "tok_visa" }, "orderId"],
  ["a malformed order id", { orderId: "123", token: "tok_visa" }, "orderId"],
  ["an operator for an order id", { orderId: { $gt: "" }, token: "tok_visa" }, "orderId"],
  ["no token", { orderId }, "token"],
  ["an operator for a token", { orderId, token: { $ne: "" } }, "token"],
  ["a list of tokens", { orderId, token: ["tok_visa"] }, "token"],
  ["a token that is none", { orderId, token: "tok visa" }, "token"],
])("returns 400 invalid-input for %s", async (_what, input, field) => {
  const { body } = await post(input).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field }] });
});

it("returns 400 for malformed JSON, 413 for a body that is too large, and 415 for another type", async () => {
  const raw = (type: string, text: string) =>
    request(app).post("/api/payments").set("Cookie", signedIn()).set("Content-Type", type).send(text);
  const tooMuch = JSON.stringify({ token: "x".repeat(11_000) });
  expect((await raw("application/json", "{").expect(400)).body.code).toBe("malformed");
  expect((await raw("application/json", tooMuch).expect(413)).body.code).toBe("too-large");
  expect((await raw("text/plain", "hello").expect(415)).body.code).toBe("not-json");
});

it("responds with 401 without a session", async () => {
  const { body } = await request(app).post("/api/payments").send({ orderId, token: "tok_visa" }).expect(401);
  expect(body.code).toBe("not-signed-in");
});

it("returns 409 when another write was first", async () => {
  const order = await orderToPay();
  await whileRacesAreLost(Payment, async () => {
    expect(await pays(order)).toMatchObject({ status: 409, body: { code: "changed" } });
  });
  expect(sandbox.chargesOf(order)).toEqual([]);
});
