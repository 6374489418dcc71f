import { type ClientRequest, createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { seconds } from "@eventhive/common";
import { deliver, setUpService, signedIn } from "@eventhive/common/testing";
import { app } from "./app";
import { chargeAgain } from "./charge";
import { database } from "./database";
import { orderCancelled, orderCompleted } from "./listeners/order-changed";
import {
  type OrderEvent,
  begunPayment,
  cancellationOf,
  chargedPayment,
  completionOf,
  later,
  meanwhileAt,
  orderToPay,
  pays,
  reload,
  setUpSandbox,
  untilPayment,
} from "../test/fixtures";

setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });

it("charges once when many cards are submitted concurrently", async () => {
  const order = await orderToPay();
  const tokens = await Promise.all(Array.from({ length: 20 }, () => sandbox.tokenOf("4242424242424242")));
  const sent = tokens.map((token) => pays(order, token));
  await untilPayment(order, "charged");
  later(5000);

  const responses = await Promise.all(sent);
  expect(responses.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(responses.filter(({ body }) => body.code === "payment-in-progress")).toHaveLength(19);
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("charges once when the same card is submitted twice concurrently, and responds to both alike", async () => {
  const order = await orderToPay();
  const responses = [pays(order), pays(order)];
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));

  const [first, second] = await Promise.all(responses);
  expect(first).toMatchObject({ status: 201, body: { state: "settled" } });
  expect(second).toMatchObject({ status: 201, body: first?.body });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("lets the same token join a charge in progress", async () => {
  const order = await orderToPay();
  let joined: ReturnType<typeof pays> | undefined;
  meanwhileAt("payments.charge.before", async () => {
    joined = pays(order);
  });
  const first = pays(order);
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect([await first, await joined]).toMatchObject([{ status: 201 }, { status: 201 }]);
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("responds to the same token with the outcome of its payment: settled", async () => {
  const order = await orderToPay();
  await chargedPayment(order);
  await deliver(orderCompleted, completionOf(order));
  expect(await pays(order)).toMatchObject({ status: 201, body: { state: "settled" } });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("responds to the same token with the outcome of its payment: declined", async () => {
  const order = await orderToPay();
  const token = await sandbox.tokenOf("4000000000009995");
  const responses = [await pays(order, token), await pays(order, token)];
  const declined = { code: "payment-declined", errors: [{ message: "Your card has insufficient funds." }] };
  expect(responses).toMatchObject([{ body: declined }, { body: declined }]);
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("responds to the same token with the outcome of its payment: refunded", async () => {
  const order = await orderToPay();
  await chargedPayment(order);
  await deliver(orderCancelled, cancellationOf(order, "expired"));
  expect(await pays(order)).toMatchObject({ status: 400, body: { code: "order-expired" } });
});

it("returns 503 payment-pending to the same token when Stripe has not responded in time", async () => {
  const order = await orderToPay();
  await begunPayment(order);
  expect(await pays(order)).toMatchObject({ status: 503, body: { code: "payment-pending" } });
});

it.each(["charging", "charged"] as const)("refuses another card while a payment is %s", async (state) => {
  const order = await orderToPay();
  await (state === "charging" ? begunPayment(order) : chargedPayment(order));
  expect(await pays(order, "tok_mastercard")).toMatchObject({
    status: 400,
    body: { code: "payment-in-progress" },
  });
});

it("accepts another card when the first one was rejected for too many requests and cannot be charged", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "fail", status: 429, beforeWork: true, times: 1000 });
  expect(await pays(order)).toMatchObject({ status: 503, body: { code: "payment-pending" } });
  sandbox.faults.clear();
  const response = pays(order, "tok_mastercard");
  await untilPayment(order, "charged");
  await deliver(orderCompleted, completionOf(order));
  expect(await response).toMatchObject({ status: 201 });
  expect(await pays(order)).toMatchObject({ status: 400, body: { code: "payment-declined" } });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("refuses another card when an attempt with the first one begins concurrently", async () => {
  const order = await orderToPay();
  sandbox.faults.add({ operation: "charge", kind: "fail", status: 429, beforeWork: true, times: 1000 });
  await pays(order);
  sandbox.faults.clear();
  const first = await untilPayment(order, "charging");
  later(seconds(10));
  // The second save is that of the first card's payment, which is to fail.
  meanwhileAt("payments.save.before", () => chargeAgain(first), 2);
  expect(await pays(order, "tok_mastercard")).toMatchObject({
    status: 400,
    body: { code: "payment-in-progress" },
  });
  expect(await reload(first)).toMatchObject({ state: "charged" });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("refuses another card once the payment is settled", async () => {
  const order = await orderToPay();
  await chargedPayment(order);
  await deliver(orderCompleted, completionOf(order));
  expect(await pays(order, "tok_mastercard")).toMatchObject({ status: 400, body: { code: "order-paid" } });
  expect(sandbox.chargesOf(order)).toHaveLength(1);
});

it("returns order-paid to another card even if it read the order before it was paid", async () => {
  const order = await orderToPay();
  await chargedPayment(order);
  meanwhileAt("payments.save.before", () => deliver(orderCompleted, completionOf(order)));
  expect(await pays(order, "tok_mastercard")).toMatchObject({ status: 400, body: { code: "order-paid" } });
});

it("keeps only a hash of the token once the card need not be charged again", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  expect(payment).toMatchObject({ token: "tok_visa" });
  const charged = await chargedPayment(await orderToPay());
  expect(charged.token).toBeUndefined();
  expect(charged.tokenHash).toMatch(/^[0-9a-f]{64}$/);
});

it("continues when the buyer disconnects", async () => {
  const server = createServer(app).listen(0, "127.0.0.1");
  try {
    const order = await orderToPay();
    const hungUp = new Promise((resolve) =>
      server.once("connection", (socket) => socket.once("close", resolve)),
    );
    let sent: ClientRequest | undefined;
    meanwhileAt("payments.charge.before", async () => {
      sent?.destroy();
      await hungUp;
    });
    sent = send(order, server.address() as AddressInfo);
    const payment = await untilPayment(order, "charged");
    await deliver(orderCompleted, completionOf(order));
    expect(await reload(payment)).toMatchObject({ state: "settled" });
  } finally {
    server.close();
  }
});

function send(order: OrderEvent, { port }: AddressInfo): ClientRequest {
  const headers = { "Content-Type": "application/json", Cookie: signedIn(order.userId) };
  const sent = httpRequest({ port, host: "127.0.0.1", path: "/api/payments", method: "POST", headers });
  sent.on("error", () => {}); // we hang up ourselves
  sent.end(JSON.stringify({ orderId: order.id, token: "tok_visa" }));
  return sent;
}
