import { onFailpoint } from "@eventhive/common";
import supertest from "supertest";
import { startStripeMock } from "../../infra/stripe-sandbox/stripe-mock";
import { serveSandbox } from "../../infra/stripe-sandbox/testing";
import { stripeIntentGateway } from "./intent-gateway";
import { type ChargeRequest, type GatewayCharge, stripeGateway } from "./payment-gateway";

let aheadMs: number;
const stripe = serveSandbox({ now: () => Date.now() + aheadMs });

beforeEach(() => {
  aheadMs = 0;
});
afterEach(() => onFailpoint(undefined));

const gateway = (apiKey = "sk_test_eventhive") =>
  stripeGateway({ apiKey, apiUrl: stripe.url(), timeoutMs: 5000 });

const request = (changes: Partial<ChargeRequest> = {}): ChargeRequest => ({
  paymentId: "p1",
  orderId: "o1",
  amount: 1999,
  currency: "usd",
  token: "tok_visa",
  ...changes,
});

const charges = () => [...stripe.ledger().charges.values()];
const refunds = () => [...stripe.ledger().refunds.values()];

async function charged(changes: Partial<ChargeRequest> = {}): Promise<string> {
  const result = await gateway().charge(request(changes));
  if (result.outcome !== "charged") throw new Error(`The charge was ${result.outcome}`);
  return result.stripeId;
}

async function newToken(): Promise<string> {
  const card = { number: "4242424242424242", exp_month: 12, exp_year: 2040 };
  const asked = supertest(stripe.url()).post("/v1/tokens").auth("pk_test_eventhive", { type: "bearer" });
  return (await asked.type("form").send({ card }).expect(200)).body.id;
}

describe("charge", () => {
  it("charges the card, with both ids in the metadata", async () => {
    const result = await gateway().charge(request());
    expect(charges()).toMatchObject([
      { amount: 1999, currency: "usd", status: "succeeded", metadata: { orderId: "o1", paymentId: "p1" } },
    ]);
    expect(result).toEqual({ outcome: "charged", stripeId: charges()[0]?.id });
  });

  it("charges once for a payment, however often it is requested", async () => {
    const token = await newToken();
    expect(await charged({ token })).toBe(await charged({ token }));
    expect(charges()).toHaveLength(1);
  });

  it.each([
    ["tok_chargeDeclined", "Your card was declined."],
    ["tok_chargeDeclinedInsufficientFunds", "Your card has insufficient funds."],
    ["tok_chargeDeclinedExpiredCard", "Your card has expired."],
    ["tok_chargeDeclinedIncorrectCvc", "Your card's security code is incorrect."],
  ])("is declined for %s with the reason of the decline", async (token, reason) => {
    expect(await gateway().charge(request({ token }))).toEqual({ outcome: "declined", reason });
  });

  it("is declined for a token that another payment used, that does not exist, or for too small an amount", async () => {
    const token = await newToken();
    await charged({ paymentId: "p0", token });
    const refused = [request({ token }), request({ token: "tok_none" }), request({ amount: 49 })];
    for (const each of refused) expect(await gateway().charge(each)).toMatchObject({ outcome: "declined" });
    expect(charges()).toHaveLength(1);
  });

  it.each([
    [500, "failed"],
    [502, "failed"],
    [503, "failed"],
    [424, "unknown"],
    [409, "unknown"],
    [408, "unknown"],
    [429, "not-done"],
    [404, "not-done"],
    [403, "not-done"],
    [401, "not-done"],
    [400, "not-done"],
  ])("when Stripe responds with %d before it begins is %s", async (status, outcome) => {
    stripe.addFault("charge", { kind: "fail", status, beforeWork: true });
    expect(await gateway().charge(request())).toEqual({ outcome });
    await charged(); // and can be asked again
  });

  it("is not done with a key or a currency that Stripe does not accept: that is no decline", async () => {
    expect(await gateway("sk_live_wrong").charge(request())).toEqual({ outcome: "not-done" });
    expect(await gateway().charge(request({ currency: "none" }))).toEqual({ outcome: "not-done" });
    expect(charges()).toEqual([]);
  });

  it("is unknown when the parameters differ: the first request may have charged", async () => {
    await charged();
    expect(await gateway().charge(request({ amount: 2000 }))).toEqual({ outcome: "unknown" });
  });

  it("is not done when Stripe is unreachable", async () => {
    stripe.close();
    expect(await gateway().charge(request())).toEqual({ outcome: "not-done" });
    const nowhere = stripeGateway({
      apiKey: "sk_test_eventhive",
      apiUrl: "http://stripe.invalid:1",
      timeoutMs: 5000,
    });
    expect(await nowhere.charge(request())).toEqual({ outcome: "not-done" });
  });

  it("has failed when an error follows the work, and fails again when it is repeated", async () => {
    stripe.addFault("charge", { kind: "fail", afterWork: true });
    expect(await gateway().charge(request())).toEqual({ outcome: "failed" });
    expect(await gateway().charge(request())).toEqual({ outcome: "failed" });
    expect(charges()).toMatchObject([{ paid: true }]);
  });

  it("is unknown when the connection is cut, although a retry would be refused", async () => {
    stripe.addFault("charge", { kind: "lose" });
    stripe.addFault("charge", { kind: "fail", status: 429, beforeWork: true });
    expect(await gateway().charge(request())).toEqual({ outcome: "unknown" });
    expect(await gateway().charge(request())).toEqual({ outcome: "not-done" });
    expect(charges()).toMatchObject([{ paid: true }]);
  });

  it("is unknown when the response is lost, and charges once when it is repeated", async () => {
    const token = await newToken();
    stripe.addFault("charge", { kind: "lose" });
    expect(await gateway().charge(request({ token }))).toEqual({ outcome: "unknown" });
    expect(charges()).toHaveLength(1);
    expect(await charged({ token })).toBe(charges()[0]?.id);
    expect(charges()).toHaveLength(1);
  });

  it("is unknown when the response takes too long", async () => {
    stripe.addFault("charge", { kind: "delay", milliseconds: 2000 });
    const impatient = stripeGateway({ apiKey: "sk_test_eventhive", apiUrl: stripe.url(), timeoutMs: 50 });
    expect(await impatient.charge(request())).toEqual({ outcome: "unknown" });
  });

  it("is unknown while the first request is still running, and charges once when it is repeated", async () => {
    const token = await newToken();
    stripe.addFault("charge", { kind: "late", milliseconds: 1 });
    expect(await gateway().charge(request({ token }))).toEqual({ outcome: "unknown" });
    expect(await gateway().charge(request({ token }))).toEqual({ outcome: "unknown" });
    expect(charges()).toEqual([]);
    stripe.doLateWork();
    expect(await charged({ token })).toBe(charges()[0]?.id);
    expect(charges()).toHaveLength(1);
  });
});

describe("refund", () => {
  it("refunds once, however often it is requested", async () => {
    const stripeId = await charged();
    await gateway().refund({ paymentId: "p1", stripeId });
    await gateway().refund({ paymentId: "p1", stripeId });
    expect(charges()).toMatchObject([{ amount_refunded: 1999, refunded: true }]);
    expect(refunds()).toHaveLength(1);
  });

  it("uses, like the charge, a key derived from the payment, whichever process sends it", async () => {
    await gateway().refund({ paymentId: "p1", stripeId: await charged() });
    expect([...stripe.ledger().responses.keys()]).toEqual(["charge-p1", "refund-p1"]);
  });

  it("is done when the charge was already refunded", async () => {
    const stripeId = await charged();
    await gateway().refund({ paymentId: "by hand", stripeId });
    await gateway().refund({ paymentId: "p1", stripeId });
    expect(refunds()).toHaveLength(1);
  });

  it("is unknown when a proxy responded instead of Stripe", async () => {
    const stripeId = await charged();
    stripe.respondAsProxy(502);
    await expect(gateway().refund({ paymentId: "p1", stripeId })).rejects.toThrow("is undefined");
    expect(await gateway().charge(request())).toEqual({ outcome: "unknown" });
    expect(refunds()).toEqual([]);
  });

  it("throws while the outcome is unknown, and refunds once when it is repeated", async () => {
    const stripeId = await charged();
    stripe.addFault("refund", { kind: "fail", beforeWork: true });
    await expect(gateway().refund({ paymentId: "p1", stripeId })).rejects.toThrow("unknown error");
    expect(refunds()).toEqual([]);
    stripe.addFault("refund", { kind: "lose", times: 2 });
    await expect(gateway().refund({ paymentId: "p1", stripeId })).rejects.toThrow("connection");
    await gateway().refund({ paymentId: "p1", stripeId });
    expect(refunds()).toHaveLength(1);
  });

  it("throws for a charge that Stripe does not know", async () => {
    await expect(gateway().refund({ paymentId: "p1", stripeId: "ch_none" })).rejects.toThrow(
      "No such charge",
    );
  });
});

describe("find and list", () => {
  it("finds the payment's own successful charge, and whether it was refunded", async () => {
    const since = new Date();
    await charged({ paymentId: "p0" });
    await gateway().charge(request({ paymentId: "declined", token: "tok_chargeDeclined" }));
    const stripeId = await charged();
    expect(await gateway().find({ paymentId: "p1", since })).toMatchObject({ stripeId, refunded: false });
    await gateway().refund({ paymentId: "p1", stripeId });
    expect(await gateway().find({ paymentId: "p1", since })).toMatchObject({ stripeId, refunded: true });
    expect(await gateway().find({ paymentId: "declined", since })).toBeUndefined();
    expect(await gateway().find({ paymentId: "p2", since })).toBeUndefined();
  });

  it("finds a charge although Stripe's clock is minutes behind ours", async () => {
    aheadMs = -4 * 60_000;
    const stripeId = await charged();
    expect(await gateway().find({ paymentId: "p1", since: new Date() })).toMatchObject({ stripeId });
  });

  it("throws when it cannot be looked up: that is not the same as no charge", async () => {
    stripe.addFault("read", { kind: "fail" });
    await expect(gateway().find({ paymentId: "p1", since: new Date() })).rejects.toThrow("unknown error");
  });

  it("lists every charge that succeeded since then, newest first, over many pages", async () => {
    await charged({ paymentId: "before" });
    aheadMs = 60_000;
    await gateway().charge(request({ paymentId: "declined", token: "tok_chargeDeclined" }));
    const paymentIds = Array.from({ length: 101 }, (_, index) => `p${index}`);
    for (const paymentId of paymentIds) await charged({ paymentId });
    const since = new Date(Date.now() + 30_000);
    const first = await gateway().listCharges({ since });
    expect(first.items.length).toBeLessThanOrEqual(100);
    const { items, next } = await gateway().listCharges({ since, after: first.next ?? "" });
    expect(next).toBeUndefined();
    const listed: GatewayCharge[] = [...first.items, ...items];
    expect(listed.map(({ paymentId }) => paymentId)).toEqual(paymentIds.toReversed());
    const { id, created } = charges().at(-1) ?? { id: "", created: 0 };
    expect(listed[0]).toEqual({
      stripeId: id,
      paymentId: "p100",
      orderId: "o1",
      amount: 1999,
      currency: "usd",
      refunded: false,
      amountRefunded: 0,
      createdAt: new Date(created * 1000),
    });
  });

  it("does not mistake the hold of an intent for a charge, or its release for a refund", async () => {
    const options = { apiKey: "sk_test_eventhive", apiUrl: stripe.url(), timeoutMs: 5000 };
    const intents = stripeIntentGateway(options);
    const paymentId = "p1";
    const since = new Date();
    const created = await intents.create({ ...request(), keptAnswers: 0 });
    const intentId = created.outcome === "known" ? created.intent.intentId : "";
    await intents.confirm({ paymentId, intentId, token: "tok_visa", keptAnswers: 0 });
    expect(charges()).toMatchObject([{ status: "succeeded", captured: false }]);
    expect(await gateway().listCharges({ since })).toEqual({ items: [] });
    expect(await gateway().find({ paymentId, since })).toBeUndefined();
    await intents.cancel({ paymentId, intentId });
    expect(await gateway().listCharges({ since })).toEqual({ items: [] });
  });

  it("lists the charges of refunds since then, each once", async () => {
    await gateway().refund({ paymentId: "before", stripeId: await charged({ paymentId: "before" }) });
    aheadMs = 60_000;
    const stripeId = await charged();
    await gateway().refund({ paymentId: "p1", stripeId });
    const since = new Date(Date.now() + 30_000);
    expect(await gateway().listRefunds({ since })).toEqual({ items: [{ stripeId }] });
  });

  it("distinguishes an existing charge, a missing one, and no response", async () => {
    const stripeId = await charged();
    expect(await gateway().retrieve(stripeId)).toMatchObject({ stripeId, paymentId: "p1" });
    expect(await gateway().retrieve("ch_none")).toBeUndefined();
    stripe.addFault("read", { kind: "fail" });
    await expect(gateway().retrieve("ch_none")).rejects.toThrow("unknown error");
  });

  it("treats a proxy's response as no list", async () => {
    stripe.respondAsProxy(200);
    await expect(gateway().listCharges({ since: new Date() })).rejects.toThrow("no list");
    await expect(gateway().listRefunds({ since: new Date() })).rejects.toThrow("no list");
    await expect(gateway().retrieve("ch_1")).rejects.toThrow("no charge");
  });
});

describe("a crash", () => {
  const crashAt = (place: string) =>
    onFailpoint((name) => {
      if (name === place) throw new Error(`Crashed at ${place}`);
    });

  it("before a call moves no money, and after it has moved it", async () => {
    crashAt("payments.charge.before");
    await expect(gateway().charge(request())).rejects.toThrow("Crashed");
    expect(charges()).toEqual([]);
    crashAt("payments.charge.after");
    await expect(gateway().charge(request())).rejects.toThrow("Crashed");
    const stripeId = charges()[0]?.id ?? "";
    crashAt("payments.refund.before");
    await expect(gateway().refund({ paymentId: "p1", stripeId })).rejects.toThrow("Crashed");
    expect(refunds()).toEqual([]);
    crashAt("payments.refund.after");
    await expect(gateway().refund({ paymentId: "p1", stripeId })).rejects.toThrow("Crashed");
    expect(refunds()).toHaveLength(1);
  });
});

describe("Stripe's own description of its API", () => {
  let mock: Awaited<ReturnType<typeof startStripeMock>>;

  beforeAll(async () => {
    mock = await startStripeMock();
  }, 300_000);

  afterAll(() => mock.stop());

  it("accepts every request that is sent", async () => {
    const strict = stripeGateway({ apiKey: "sk_test_123", apiUrl: mock.url, timeoutMs: 5000 });
    const result = await strict.charge(request());
    expect(result).toMatchObject({ outcome: "charged", stripeId: expect.stringMatching(/^ch_/) });
    await strict.refund({ paymentId: "p1", stripeId: "ch_1" });
    expect(await strict.find({ paymentId: "p1", since: new Date() })).toBeUndefined();
    expect(await strict.retrieve("ch_1")).toBeDefined();
    const page = { since: new Date(), after: "id_1" };
    const lists = [strict.listCharges(page), strict.listRefunds(page), strict.listDisputes(page)];
    expect((await Promise.all<object>(lists)).length).toBe(3);
  });
});
