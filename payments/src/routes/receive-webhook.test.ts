import { createHmac } from "node:crypto";
import { clock, hours, seconds } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import { mongo } from "mongoose";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { finishIntents } from "../finish-intents";
import { webhookConfigured, webhooks } from "../metrics";
import { Payment } from "../models/payment";
import { type OrderEvent, orderToPay, pays, setUpSandbox, untilPayment, later } from "../../test/fixtures";

setUpService(database);
const { happen, intentsOf, requests, tokenOf } = setUpSandbox();

const [secret, previous] = ["whsec_new", "whsec_old"];
beforeAll(() => {
  Object.assign(process.env, { STRIPE_WEBHOOK_SECRET: secret, STRIPE_WEBHOOK_SECRET_PREVIOUS: previous });
});

interface Signing {
  by?: string;
  ageMs?: number;
}

const bodyOf = (id: string, status: string) =>
  JSON.stringify({
    id: "evt_1",
    object: "event",
    data: { object: { object: "payment_intent", id, status } },
  });

/** As Stripe sends it: from another site, without a session. */
function send(body: string, { by = secret, ageMs = 0 }: Signing = {}) {
  const signedAt = Math.floor((clock.now() - ageMs) / 1000);
  const signature = createHmac("sha256", by).update(`${signedAt}.${body}`).digest("hex");
  return request(app)
    .post("/api/payments/webhook")
    .set({ "Content-Type": "application/json; charset=utf-8", Origin: "https://stripe.example" })
    .set("Stripe-Signature", `t=${signedAt},v1=${signature}`)
    .send(body);
}

async function challenged(): Promise<{ order: OrderEvent; intentId: string }> {
  const order = await orderToPay();
  await pays(order, await tokenOf("4000002760003184"));
  return { order, intentId: intentsOf(order)[0]?.id ?? "" };
}

const stateOf = async (order: OrderEvent) => (await Payment.findOne({ orderId: order.id }).orFail()).state;

it("makes payments read the intent at once, and trusts only Stripe's response", async () => {
  const { order, intentId } = await challenged();
  await send(bodyOf(intentId, "requires_capture")).expect(200);
  await finishIntents();
  expect(await stateOf(order)).toBe("challenged"); // it was not true
  await happen(intentId, "pass-challenge");
  await send(bodyOf(intentId, "requires_capture")).expect(200);
  await finishIntents();
  expect(await stateOf(order)).toBe("authorized");
});

it("finds a hold that was canceled in the dashboard, long before the sweep would", async () => {
  const order = await orderToPay({ expiresAt: new Date(clock.now() + hours(1)).toISOString() });
  const response = pays(order);
  const { intentId } = await untilPayment(order, "authorized");
  later(seconds(20));
  await response;
  await happen(intentId ?? "", "lapse");
  await send(bodyOf(intentId ?? "", "canceled")).expect(200);
  await finishIntents();
  expect(await stateOf(order)).toBe("failed");
});

it("treats repeated events as one hint, and requests nothing that payments already has", async () => {
  const { order, intentId } = await challenged();
  await happen(intentId, "pass-challenge");
  for (let time = 0; time < 5; time++) await send(bodyOf(intentId, "requires_capture")).expect(200);
  await finishIntents();
  expect(await stateOf(order)).toBe("authorized");
  const asked = requests.length;
  await send(bodyOf(intentId, "requires_action")).expect(200);
  await send(bodyOf(intentId, "requires_capture")).expect(200);
  await finishIntents();
  expect(requests).toHaveLength(asked);
});

it("accepts the previous secret, so that it can be rotated, and no other", async () => {
  const body = bodyOf("pi_none", "succeeded");
  await send(body, { by: previous }).expect(200);
  const { body: response } = await send(body, { by: "whsec_of_somebody_else" }).expect(400);
  expect(response.code).toBe("invalid-signature");
});

it("rejects signatures more than five minutes old, or in the future, by our own clock", async () => {
  const body = bodyOf("pi_none", "succeeded");
  const now = clock.now() + hours(5);
  clock.use(() => now);
  await send(body, { ageMs: seconds(299) }).expect(200);
  await send(body, { ageMs: -seconds(299) }).expect(200);
  await send(body, { ageMs: seconds(301) }).expect(400);
  await send(body, { ageMs: -seconds(301) }).expect(400);
});

it("refuses a body that differs from the signed one, and one without a signature", async () => {
  const signed = send(bodyOf("pi_none", "canceled"));
  await signed.send(" ").expect(400);
  await request(app).post("/api/payments/webhook").send({}).expect(400);
});

it("accepts events that it does not use", async () => {
  const body = JSON.stringify({ id: "evt_2", object: "event", data: { object: { object: "customer" } } });
  await send(body).expect(200);
});

it("counts what it accepts and rejects", async () => {
  webhooks.reset();
  await send(bodyOf("pi_none", "succeeded"));
  await send(bodyOf("pi_none", "succeeded"), { by: "wrong" });
  await request(app).post("/api/payments/webhook").send({}).expect(400);
  const { values } = await webhooks.get();
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]))).toEqual({
    accepted: 1,
    rejected: 1,
    unsigned: 1,
  });
});

it("reports that it is configured", async () => {
  expect((await webhookConfigured.get()).values).toMatchObject([{ value: 1 }]);
});

it("responds with 503 while the database is unavailable, so that Stripe sends the event again", async () => {
  const { intentId } = await challenged();
  const find = jest.spyOn(Payment, "findOne").mockImplementationOnce(() => {
    throw new mongo.MongoNetworkError("connection closed");
  });
  await send(bodyOf(intentId, "requires_capture")).expect(503);
  expect(find).toHaveBeenCalledTimes(1);
  await send(bodyOf(intentId, "requires_capture")).expect(200);
});
