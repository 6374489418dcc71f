import { hours, minutes } from "@eventhive/common";
import Stripe from "stripe";
import request from "supertest";
import { startStripeMock } from "./stripe-mock";
import { serveSandbox } from "./testing";

let aheadMs = 0;
const sandbox = serveSandbox({ now: () => Date.now() + aheadMs });
let stripe: Stripe;

const clientOf = (port: number) =>
  new Stripe("sk_test_1", { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 0 });

beforeEach(() => {
  aheadMs = 0;
  stripe = clientOf(Number(new URL(sandbox.url()).port));
});

const card = (number: string) => ({ number, exp_month: 12, exp_year: 2040 });
const happen = (id: string, event: string) =>
  request(sandbox.app()).post(`/sandbox/intents/${id}`).send({ event });

/** Stripe's library retries a request once after a connection error, with a generated key. */
const cutAndRepeated = { code: "idempotency_key_in_use" };

const terms = {
  amount: 1999,
  currency: "usd",
  capture_method: "manual",
  allowed_payment_method_types: ["card"],
  metadata: { orderId: "o1" },
} satisfies Stripe.PaymentIntentCreateParams;

async function created(token = "tok_visa"): Promise<string> {
  const { id } = await stripe.paymentMethods.create({ type: "card", card: { token } });
  return (await stripe.paymentIntents.create({ ...terms, payment_method: id })).id;
}

async function withCard(number: string): Promise<string> {
  const { id } = await stripe.paymentMethods.create({ type: "card", card: card(number) });
  return (await stripe.paymentIntents.create({ ...terms, payment_method: id })).id;
}

async function authorized(): Promise<string> {
  const id = await created();
  await stripe.paymentIntents.confirm(id);
  return id;
}

it("charges nothing before a capture, and lists the hold as an uncaptured charge", async () => {
  const id = await created();
  expect((await stripe.charges.list()).data).toEqual([]);
  const held = await stripe.paymentIntents.confirm(id, { use_stripe_sdk: true });
  expect(held).toMatchObject({ status: "requires_capture", amount_capturable: 1999, amount_received: 0 });
  const charge = {
    id: held.latest_charge,
    payment_intent: id,
    metadata: { orderId: "o1" },
    status: "succeeded",
  };
  expect((await stripe.charges.list()).data).toMatchObject([
    { ...charge, captured: false, amount_captured: 0 },
  ]);

  expect(await stripe.paymentIntents.capture(id)).toMatchObject({
    status: "succeeded",
    amount_received: 1999,
  });
  expect((await stripe.charges.list()).data).toMatchObject([
    { ...charge, captured: true, amount_captured: 1999 },
  ]);
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: "succeeded" });
  expect((await stripe.paymentIntents.list()).data).toMatchObject([{ id }]);
});

it("releases a hold when the intent is canceled, and rejects a second cancellation", async () => {
  const id = await authorized();
  expect(await stripe.paymentIntents.cancel(id)).toMatchObject({ status: "canceled", amount_capturable: 0 });
  expect((await stripe.charges.list()).data).toMatchObject([{ captured: false, refunded: true }]);
  const unexpected = { code: "payment_intent_unexpected_state", payment_intent: { id, status: "canceled" } };
  await expect(stripe.paymentIntents.cancel(id)).rejects.toMatchObject(unexpected);
  await expect(stripe.paymentIntents.capture(id)).rejects.toMatchObject(unexpected);
});

it("declines with the card's reason, and requires another card afterwards", async () => {
  const id = await created("tok_chargeDeclinedInsufficientFunds");
  await expect(stripe.paymentIntents.confirm(id)).rejects.toMatchObject({
    type: "StripeCardError",
    decline_code: "insufficient_funds",
    payment_intent: { id, status: "requires_payment_method" },
  });
  await expect(stripe.paymentIntents.confirm(id)).rejects.toMatchObject({
    code: "payment_intent_unexpected_state",
  });
});

it.each([
  ["4000002760003184", "pass-challenge", "requires_capture"],
  ["4000002760003184", "fail-challenge", "requires_payment_method"],
  ["4000008400001629", "pass-challenge", "requires_payment_method"],
])("requires 3-D Secure for %s, and after %s it is %s", async (number, event, status) => {
  const id = await withCard(number);
  const challenged = await stripe.paymentIntents.confirm(id);
  expect(challenged).toMatchObject({ status: "requires_action", next_action: { type: "use_stripe_sdk" } });
  const page = String(challenged.next_action?.use_stripe_sdk?.stripe_js);
  await request(sandbox.app())
    .get(page)
    .expect(200, /Complete authentication/);
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: "requires_action" }); // reading does not change it
  await request(sandbox.app())
    .post(page)
    .type("form")
    .send({ event })
    .expect(200, /postMessage/);
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status, next_action: null });
});

const createConfirmationToken = () =>
  stripe.testHelpers.confirmationTokens.create({
    payment_method_data: { type: "card", card: card("4242424242424242") } as never, // Stripe's types leave cards out
  });

it("accepts a confirmation token once", async () => {
  const { id: confirmation_token } = await createConfirmationToken();
  const { id } = await stripe.paymentIntents.create(terms);
  expect(await stripe.paymentIntents.confirm(id, { confirmation_token })).toMatchObject({
    status: "requires_capture",
  });
  expect(await stripe.confirmationTokens.retrieve(confirmation_token)).toMatchObject({ payment_intent: id });
  const other = await stripe.paymentIntents.create(terms);
  await expect(stripe.paymentIntents.confirm(other.id, { confirmation_token })).rejects.toMatchObject({
    param: "confirmation_token",
  });
});

it("accepts a confirmation token for 12 hours", async () => {
  const [used, expired] = [await createConfirmationToken(), await createConfirmationToken()];
  const { id } = await stripe.paymentIntents.create(terms);
  aheadMs = hours(12) - minutes(1);
  await stripe.paymentIntents.confirm(id, { confirmation_token: used.id });
  aheadMs = hours(12);
  const other = await stripe.paymentIntents.create(terms);
  await expect(
    stripe.paymentIntents.confirm(other.id, { confirmation_token: expired.id }),
  ).rejects.toMatchObject({ param: "confirmation_token" });
});

it("consumes a Checkout token when it becomes a payment method", async () => {
  const { id: token } = await stripe.tokens.create({
    card: { ...card("4242424242424242"), exp_month: "12", exp_year: "2040" },
  });
  await stripe.paymentMethods.create({ type: "card", card: { token } });
  await expect(stripe.paymentMethods.create({ type: "card", card: { token } })).rejects.toMatchObject({
    code: "token_already_used",
  });
});

it("returns the stored 5xx of a create under the same key, and creates under another", async () => {
  sandbox.addFault("intent", { kind: "fail", afterWork: true });
  const create = (idempotencyKey: string) => stripe.paymentIntents.create(terms, { idempotencyKey });
  await expect(create("k1")).rejects.toMatchObject({ statusCode: 500 });
  await expect(create("k1")).rejects.toMatchObject({ statusCode: 500 });
  const intent = await create("k2");
  expect(await create("k2")).toMatchObject({ id: intent.id });
  expect(sandbox.ledger().intents.size).toBe(2);
});

it("executes a capture after its connection was closed", async () => {
  const id = await authorized();
  sandbox.addFault("capture", { kind: "late", milliseconds: 30_000 });
  await expect(stripe.paymentIntents.capture(id)).rejects.toMatchObject(cutAndRepeated);
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: "requires_capture" });
  sandbox.doLateWork();
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: "succeeded" });
});

it("ignores a late capture of a canceled intent", async () => {
  const id = await authorized();
  sandbox.addFault("capture", { kind: "late", milliseconds: 30_000 });
  await expect(stripe.paymentIntents.capture(id)).rejects.toMatchObject(cutAndRepeated);
  await stripe.paymentIntents.cancel(id);
  sandbox.doLateWork();
  expect((await stripe.charges.list()).data).toMatchObject([{ captured: false, refunded: true }]);
});

it("rejects a capture permanently, and keeps the hold", async () => {
  const id = await authorized();
  sandbox.addFault("capture", { kind: "refuse" });
  await expect(stripe.paymentIntents.capture(id)).rejects.toMatchObject({
    code: "charge_expired_for_capture",
  });
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: "requires_capture" });
});

it.each([
  ["end-processing", "succeeded", true],
  ["fail-processing", "requires_payment_method", false],
])("keeps a capture processing until %s", async (event, status, captured) => {
  const id = await authorized();
  sandbox.addFault("capture", { kind: "processing" });
  expect(await stripe.paymentIntents.capture(id)).toMatchObject({ status: "processing" });
  await expect(stripe.paymentIntents.cancel(id)).rejects.toMatchObject({ statusCode: 400 });
  await happen(id, event).expect(200);
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status });
  expect((await stripe.charges.list()).data).toMatchObject([{ captured }]);
});

it("expires an authorization, and nothing else", async () => {
  const id = await authorized();
  await happen(id, "lapse").expect(200);
  await happen(id, "lapse").expect(400);
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
    status: "canceled",
    cancellation_reason: "automatic",
  });
});

it("refunds a capture by its intent, and rejects a refund of a hold", async () => {
  const id = await authorized();
  await expect(stripe.refunds.create({ payment_intent: id })).rejects.toMatchObject({
    code: "charge_not_refundable",
  });
  await stripe.paymentIntents.capture(id);
  const refund = await stripe.refunds.create({ payment_intent: id });
  expect(refund).toMatchObject({ payment_intent: id, amount: 1999, status: "succeeded" });
  expect((await stripe.refunds.list({ payment_intent: id })).data).toMatchObject([{ id: refund.id }]);
});

it("does not confirm within a create", async () => {
  await expect(stripe.paymentIntents.create({ ...terms, confirm: true })).rejects.toMatchObject({
    param: "confirm",
  });
});

it("is only sent requests that match Stripe's API description", async () => {
  const mock = await startStripeMock();
  try {
    const real = clientOf(Number(new URL(mock.url).port));
    const { id: payment_method } = await real.paymentMethods.create({
      type: "card",
      card: { token: "tok_visa" },
    });
    const { id } = await real.paymentIntents.create({ ...terms, payment_method });
    await real.paymentIntents.confirm(id, { use_stripe_sdk: true });
    await real.paymentIntents.confirm(id, { confirmation_token: "ctoken_1" });
    await real.paymentIntents.capture(id);
    await real.paymentIntents.cancel(id);
    await real.paymentIntents.retrieve(id);
    await real.paymentIntents.list({ created: { gte: 1 }, limit: 100 });
    await real.confirmationTokens.retrieve("ctoken_1");
    await real.refunds.create({ payment_intent: id });
    await expect(real.paymentIntents.create({ ...terms, color: "red" } as never)).rejects.toMatchObject({
      statusCode: 400,
    });
  } finally {
    mock.stop();
  }
}, 120_000);
