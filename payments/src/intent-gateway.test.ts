import { onFailpoint } from "@eventhive/common";
import supertest from "supertest";
import { startStripeMock } from "../../infra/stripe-sandbox/stripe-mock";
import { serveSandbox } from "../../infra/stripe-sandbox/testing";
import { type CreateRequest, type IntentResult, stripeIntentGateway } from "./intent-gateway";

const stripe = serveSandbox();
afterEach(() => onFailpoint(undefined));

const gateway = (timeoutMs = 5000) =>
  stripeIntentGateway({ apiKey: "sk_test_eventhive", apiUrl: stripe.url(), timeoutMs });
const paymentId = "p1";
const terms: CreateRequest = { paymentId, orderId: "o1", amount: 1999, currency: "usd", keptAnswers: 0 };
const intents = () => [...stripe.ledger().intents.values()];

function intentOf(response: IntentResult) {
  if (response.outcome !== "known") throw new Error(`The outcome is ${response.outcome}`);
  return response.intent;
}

const created = async () => intentOf(await gateway().create(terms)).intentId;
const confirm = (intentId: string, token = "tok_visa", keptAnswers = 0) =>
  gateway().confirm({ paymentId, intentId, token, keptAnswers });

async function authorized(): Promise<string> {
  const intentId = await created();
  await confirm(intentId);
  return intentId;
}

async function tokenOf(number: string, path = "/v1/tokens"): Promise<string> {
  const card = { number, exp_month: 12, exp_year: 2040, cvc: "123" };
  const body = path === "/v1/tokens" ? { card } : { payment_method_data: { type: "card", card } };
  const asked = supertest(stripe.url()).post(path).auth("sk_test_eventhive", { type: "bearer" });
  return (await asked.type("form").send(body).expect(200)).body.id;
}

describe("create", () => {
  it("creates one intent for a payment, which holds nothing", async () => {
    expect(await created()).toBe(await created());
    expect(intents()).toMatchObject([
      { amount: 1999, currency: "usd", metadata: { orderId: "o1", paymentId: "p1" }, latest_charge: null },
    ]);
  });

  it.each([{}, { afterWork: true }])(
    "is kept by Stripe when it fails %j, and not for the next key",
    async (fault) => {
      stripe.addFault("intent", { kind: "fail", ...fault });
      expect(await gateway().create(terms)).toEqual({ outcome: "kept" });
      expect(await gateway().create(terms)).toEqual({ outcome: "kept" });
      expect(await gateway().create({ ...terms, keptAnswers: 1 })).toMatchObject({ outcome: "known" });
    },
  );

  it("is unknown after anything else, and creates one intent when it is repeated", async () => {
    stripe.addFault("intent", { kind: "lose" });
    stripe.addFault("intent", { kind: "late", milliseconds: 1 });
    expect(await gateway().create({ ...terms, paymentId: "p0" })).toEqual({ outcome: "unknown" });
    expect(await gateway().create(terms)).toEqual({ outcome: "unknown" });
    expect(await gateway().create(terms)).toEqual({ outcome: "unknown" }); // the key is in use
    stripe.doLateWork();
    await created();
    expect(intents()).toHaveLength(2);
  });

  it("is not done when Stripe is too busy, or cannot be reached", async () => {
    stripe.addFault("intent", { kind: "fail", status: 429, beforeWork: true });
    expect(await gateway().create(terms)).toEqual({ outcome: "not-done" });
    const options = { apiKey: "sk_test_eventhive", apiUrl: "http://127.0.0.1:1", timeoutMs: 5000 };
    expect(await stripeIntentGateway(options).create(terms)).toEqual({ outcome: "not-done" });
    expect(intents()).toEqual([]);
  });

  it("is rejected for an amount that cannot be charged", async () => {
    expect(await gateway().create({ ...terms, amount: 1 })).toMatchObject({ outcome: "rejected" });
  });
});

describe("confirm", () => {
  it("holds the money, with either kind of token", async () => {
    const byToken = await confirm(await created());
    expect(byToken).toMatchObject({ intent: { status: "requires_capture", chargeId: expect.any(String) } });
    const other = intentOf(await gateway().create({ ...terms, paymentId: "p2" })).intentId;
    const token = await tokenOf("4242424242424242", "/v1/test_helpers/confirmation_tokens");
    expect(await confirm(other, token)).toMatchObject({ intent: { status: "requires_capture" } });
  });

  it("returns the intent's status when it was already confirmed", async () => {
    const intentId = await created();
    const token = await tokenOf("4242424242424242");
    stripe.addFault("confirm", { kind: "lose" });
    expect(await confirm(intentId, token)).toEqual({ outcome: "unknown" });
    expect(await confirm(intentId, token)).toMatchObject({ intent: { status: "requires_capture" } });
    expect(stripe.ledger().charges.size).toBe(1);
  });

  it.each([
    ["tok_chargeDeclined", "Your card was declined."],
    ["tok_none", "No such token: 'tok_none'"],
    ["ctoken_none", "No such confirmation_token: 'ctoken_none'"],
  ])("is rejected for %s", async (token, reason) => {
    expect(await confirm(await created(), token)).toEqual({ outcome: "rejected", reason });
  });

  it("requires 3-D Secure in the page", async () => {
    const intentId = await created();
    const [intent] = intents();
    expect(await confirm(intentId, await tokenOf("4000002760003184"))).toMatchObject({
      intent: { status: "requires_action", clientSecret: intent?.client_secret },
    });
  });

  it("uses another key for the payment method when Stripe repeats a failure", async () => {
    const intentId = await created();
    stripe.addFault("payment-method", { kind: "fail" });
    expect(await confirm(intentId)).toEqual({ outcome: "kept" });
    expect(await confirm(intentId, "tok_visa", 1)).toMatchObject({ intent: { status: "requires_capture" } });
  });

  it("is unknown, not kept, when the confirmation itself fails: it has no key", async () => {
    stripe.addFault("confirm", { kind: "fail" });
    expect(await confirm(await created())).toEqual({ outcome: "unknown" });
  });

  it.each(["payment-method", "confirm"])("is not done when Stripe is too busy: %s", async (operation) => {
    const intentId = await created();
    stripe.addFault(operation, { kind: "fail", status: 429, beforeWork: true });
    expect(await confirm(intentId)).toEqual({ outcome: "not-done" });
  });

  it("is unknown when it was executed before, and its outcome cannot be read", async () => {
    const intentId = await created();
    stripe.addFault("confirm", { kind: "lose" });
    stripe.addFault("read", { kind: "fail", status: 429 });
    await confirm(intentId);
    expect(await confirm(intentId)).toEqual({ outcome: "unknown" });
  });

  it("takes no longer than the timeout with both of its requests", async () => {
    const intentId = await created();
    for (const operation of ["payment-method", "confirm"])
      stripe.addFault(operation, { kind: "delay", milliseconds: 1200 });
    const confirmation = { paymentId, intentId, token: "tok_visa", keptAnswers: 0 };
    expect(await gateway(2000).confirm(confirmation)).toEqual({ outcome: "unknown" });
  });
});

describe("capture", () => {
  const capture = (intentId: string) => gateway().capture({ paymentId, intentId });

  it("captures once, however often it is requested", async () => {
    const intentId = await authorized();
    const first = await capture(intentId);
    expect(first).toMatchObject({ intent: { status: "succeeded" } });
    expect(await capture(intentId)).toEqual(first);
  });

  it("is rejected when it fails permanently", async () => {
    const intentId = await authorized();
    stripe.addFault("capture", { kind: "refuse" });
    expect(await capture(intentId)).toMatchObject({ outcome: "rejected" });
  });

  it.each([{ kind: "lose" }, { kind: "fail" }, { kind: "fail", status: 429, beforeWork: true }])(
    "is unknown after %j",
    async (fault) => {
      const intentId = await authorized();
      stripe.addFault("capture", fault);
      expect(await capture(intentId)).toEqual({ outcome: "unknown" });
      expect(await capture(intentId)).toMatchObject({ intent: { status: "succeeded" } });
    },
  );

  it("reports that the intent is canceled", async () => {
    const intentId = await authorized();
    await gateway().cancel({ paymentId, intentId });
    expect(await capture(intentId)).toMatchObject({ intent: { status: "canceled" } });
  });
});

describe("cancel", () => {
  const cancel = (intentId: string) => gateway().cancel({ paymentId, intentId });

  it("releases the money, and reports the same when repeated", async () => {
    const intentId = await authorized();
    expect(await cancel(intentId)).toMatchObject({ intent: { status: "canceled" } });
    expect(await cancel(intentId)).toMatchObject({ intent: { status: "canceled" } });
  });

  it("reports that the money was captured", async () => {
    const intentId = await authorized();
    await gateway().capture({ paymentId, intentId });
    expect(await cancel(intentId)).toMatchObject({ intent: { status: "succeeded" } });
  });

  it("is unknown for an intent that Stripe does not know", async () => {
    expect(await cancel("pi_none")).toEqual({ outcome: "unknown" });
  });
});

it("treats a proxy's response as no response", async () => {
  const intentId = await authorized();
  stripe.respondAsProxy(502);
  const asked = { paymentId, intentId };
  expect([
    await gateway().create(terms),
    await gateway().capture(asked),
    await gateway().cancel(asked),
    await gateway().retrieve(asked),
  ]).toEqual(Array.from({ length: 4 }, () => ({ outcome: "unknown" })));
});

it("sends only what Stripe's own API description allows", async () => {
  const mock = await startStripeMock();
  try {
    const strict = stripeIntentGateway({ apiKey: "sk_test_123", apiUrl: mock.url, timeoutMs: 5000 });
    const intentId = intentOf(await strict.create(terms)).intentId;
    const asked = { paymentId, intentId };
    const responses = [
      await strict.confirm({ ...asked, token: "tok_visa", keptAnswers: 0 }),
      await strict.confirm({ ...asked, token: "ctoken_1", keptAnswers: 0 }),
      await strict.capture(asked),
      await strict.cancel(asked),
      await strict.retrieve(asked),
    ];
    expect(responses.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => "known"));
    expect(await strict.listHolds({ since: new Date(), after: intentId })).toBeDefined();
  } finally {
    mock.stop();
  }
}, 120_000);
