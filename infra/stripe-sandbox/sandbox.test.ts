import request from "supertest";
import { card, price, testSandbox } from "./testing";

let sandbox: ReturnType<typeof testSandbox>;

beforeEach(() => {
  sandbox = testSandbox();
});

describe("keys", () => {
  it("is ready without a key", () => request(sandbox.app).get("/readyz").expect(200));

  it.each([undefined, "Bearer sk_live_1", "Bearer pk_test_1"])(
    "rejects a charge with %s with 401",
    async (key) => {
      const { body } = await request(sandbox.app)
        .post("/v1/charges")
        .set(key ? { Authorization: key } : {})
        .expect(401);
      expect(body.error).toMatchObject({ type: "invalid_request_error", message: expect.any(String) });
    },
  );

  it("creates a token with a publishable key, as browsers do", () =>
    sandbox
      .post("/v1/tokens", card("4242424242424242"))
      .set("Authorization", "Bearer pk_test_1")
      .expect(200));

  it("responds with Stripe's 404 to an unknown path", async () => {
    const { body } = await sandbox.get("/v1/balance").expect(404);
    expect(body.error.type).toBe("invalid_request_error");
  });
});

describe("tokens", () => {
  it("shows the card without its number", async () => {
    const { body } = await sandbox
      .post("/v1/tokens", card("4242 4242 4242 4242", { exp_year: "30" }))
      .expect(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^tok_/),
      object: "token",
      card: { brand: "Visa", last4: "4242", exp_month: 12, exp_year: 2030 },
    });
  });

  it.each([
    [card("4242424242424241"), "incorrect_number"],
    [card("4242424242424242", { exp_month: "13" }), "invalid_expiry_month"],
    [card("4242424242424242", { exp_year: "2025" }), "invalid_expiry_year"],
    [card("4242424242424242", { cvc: "12" }), "invalid_cvc"],
  ])("rejects an invalid card: %j", async (given, code) => {
    const { body } = await sandbox.post("/v1/tokens", given).expect(402);
    expect(body.error).toMatchObject({ type: "card_error", code });
  });

  it("accepts a card until the end of its month", () =>
    sandbox.post("/v1/tokens", card("4242424242424242", { exp_month: "1", exp_year: "2026" })).expect(200));

  it("can be used once, even for a declined charge", async () => {
    for (const number of ["4242424242424242", "4000000000000002"]) {
      const source = await sandbox.token(number);
      await sandbox.post("/v1/charges", { ...price, source });
      const { body } = await sandbox.post("/v1/charges", { ...price, source }).expect(400);
      expect(body.error).toMatchObject({ type: "invalid_request_error", code: "token_already_used" });
    }
  });

  it("can be used any number of times if it is one of Stripe's test tokens", async () => {
    await sandbox.post("/v1/charges", price).expect(200);
    await sandbox.post("/v1/charges", price).expect(200);
  });
});

describe("charges", () => {
  it("returns and stores a charge with its metadata", async () => {
    const source = await sandbox.token("5555555555554444");
    const metadata = { orderId: "o1", paymentId: "p1" };
    const { body } = await sandbox
      .post("/v1/charges", { ...price, source, metadata, description: "Opera" })
      .expect(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^ch_/),
      object: "charge",
      amount: 1999,
      amount_refunded: 0,
      captured: true,
      created: sandbox.now() / 1000,
      currency: "usd",
      description: "Opera",
      metadata,
      paid: true,
      payment_method_details: { card: { brand: "MasterCard", last4: "4444" } },
      refunded: false,
      status: "succeeded",
    });
    expect((await sandbox.get(`/v1/charges/${body.id}`).expect(200)).body).toEqual(body);
    expect(await sandbox.ledger()).toEqual({ charges: [body], refunds: [], intents: [] });
  });

  it.each([
    ["4000000000000002", "tok_chargeDeclined", "card_declined", "generic_decline"],
    ["4000000000009995", "tok_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"],
    ["4100000000000019", "tok_chargeDeclinedFraudulent", "card_declined", "fraudulent"],
    ["4000000000000069", "tok_chargeDeclinedExpiredCard", "expired_card", "expired_card"],
    ["4000000000000127", "tok_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"],
    ["4000000000000119", "tok_chargeDeclinedProcessingError", "processing_error", "processing_error"],
  ])("declines %s and %s with %s, and keeps the failed charge", async (number, token, code, decline_code) => {
    for (const source of [await sandbox.token(number), token]) {
      const { body } = await sandbox.post("/v1/charges", { ...price, source }).expect(402);
      expect(body.error).toMatchObject({
        type: "card_error",
        code,
        decline_code,
        message: expect.any(String),
      });
      const failed = (await sandbox.get(`/v1/charges/${body.error.charge}`).expect(200)).body;
      expect(failed).toMatchObject({ status: "failed", paid: false, captured: false, failure_code: code });
    }
  });

  it.each([
    [{ ...price, amount: "49" }, "amount_too_small", "amount"],
    [{ ...price, amount: "100000000" }, "amount_too_large", "amount"],
    [{ ...price, amount: "19.99" }, "parameter_invalid_integer", "amount"],
    [{ ...price, source: "tok_none" }, "resource_missing", "source"],
    [{ amount: "1999", currency: "usd" }, "parameter_missing", "source"],
    [{}, "parameter_missing", "amount"],
    [{ ...price, orderId: "o1" }, "parameter_unknown", "orderId"],
    [{ ...price, currency: "dollars" }, undefined, "currency"],
  ])("refuses %j and keeps nothing", async (given, code, param) => {
    const { body } = await sandbox.post("/v1/charges", given).expect(400);
    expect(body.error).toMatchObject({ type: "invalid_request_error", param });
    expect(body.error.code).toBe(code);
    expect((await sandbox.ledger()).charges).toEqual([]);
  });

  it.each(["50", "99999999"])("accepts an amount of %s", (amount) =>
    sandbox.post("/v1/charges", { ...price, amount }).expect(200),
  );

  it("lists the newest first, page by page", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1)
      ids.unshift((await sandbox.post("/v1/charges", price)).body.id);
    const first = (await sandbox.get("/v1/charges?limit=3").expect(200)).body;
    const second = (await sandbox.get(`/v1/charges?limit=2&starting_after=${ids[2]}`).expect(200)).body;
    expect(first).toMatchObject({ object: "list", has_more: true });
    expect(second).toMatchObject({ object: "list", has_more: false });
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    await sandbox.get("/v1/charges?starting_after=ch_none").expect(400);
    await sandbox.get("/v1/charges?limit=0").expect(400);
    await sandbox.get("/v1/charges?customer=1").expect(400);
  });

  it("lists only charges created at or after the given time", async () => {
    await sandbox.post("/v1/charges", price).expect(200);
    sandbox.pass(1000);
    const { body: later } = await sandbox.post("/v1/charges", price).expect(200);
    const listed = (await sandbox.get("/v1/charges").query({ "created[gte]": later.created }).expect(200))
      .body;
    expect(listed.data).toEqual([later]);
  });

  it("responds with 404 to a request for a missing charge", async () => {
    expect((await sandbox.get("/v1/charges/ch_none").expect(404)).body.error.code).toBe("resource_missing");
  });
});

describe("refunds", () => {
  const charged = async (): Promise<string> => (await sandbox.post("/v1/charges", price).expect(200)).body.id;

  it("refunds the whole amount once", async () => {
    const charge = await charged();
    const { body } = await sandbox.post("/v1/refunds", { charge }).expect(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^re_/),
      amount: 1999,
      charge,
      status: "succeeded",
    });
    const again = await sandbox.post("/v1/refunds", { charge }).expect(400);
    expect(again.body.error).toMatchObject({
      type: "invalid_request_error",
      code: "charge_already_refunded",
    });
    expect(await sandbox.ledger()).toMatchObject({
      charges: [{ amount_refunded: 1999, refunded: true }],
      refunds: [body],
    });
  });

  it("refunds a part, and never more than the rest", async () => {
    const charge = await charged();
    await sandbox.post("/v1/refunds", { charge, amount: "1000" }).expect(200);
    expect((await sandbox.get(`/v1/charges/${charge}`)).body).toMatchObject({
      amount_refunded: 1000,
      refunded: false,
    });
    expect((await sandbox.post("/v1/refunds", { charge, amount: "1000" }).expect(400)).body.error.param).toBe(
      "amount",
    );
    await sandbox.post("/v1/refunds", { charge }).expect(200);
    expect((await sandbox.get(`/v1/charges/${charge}`)).body).toMatchObject({
      amount_refunded: 1999,
      refunded: true,
    });
  });

  it("lists the refunds of one charge", async () => {
    const charge = await charged();
    await sandbox.post("/v1/refunds", { charge: await charged() }).expect(200);
    const { body } = await sandbox.post("/v1/refunds", { charge }).expect(200);
    expect((await sandbox.get(`/v1/refunds?charge=${charge}`).expect(200)).body.data).toEqual([body]);
    expect((await sandbox.get("/v1/refunds").expect(200)).body.data).toHaveLength(2);
  });

  it("rejects a missing or declined charge", async () => {
    await sandbox.post("/v1/refunds", { charge: "ch_none" }).expect(404);
    const declined = await sandbox
      .post("/v1/charges", { ...price, source: "tok_chargeDeclined" })
      .expect(402);
    const { body } = await sandbox.post("/v1/refunds", { charge: declined.body.error.charge }).expect(400);
    expect(body.error.code).toBe("charge_not_refundable");
  });
});
