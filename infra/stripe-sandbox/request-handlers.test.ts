import { setImmediate } from "node:timers/promises";
import request from "supertest";
import { Faults } from "./faults";
import { card, price, testSandbox } from "./testing";

let sandbox: ReturnType<typeof testSandbox>;

beforeEach(() => {
  sandbox = testSandbox();
});

describe("idempotency keys", () => {
  it("return the first response, also a decline, without executing again", async () => {
    for (const source of [await sandbox.token("4242424242424242"), "tok_chargeDeclined"]) {
      const first = await sandbox.post("/v1/charges", { ...price, source }, source);
      const again = await sandbox.post("/v1/charges", { source, currency: "usd", amount: "1999" }, source);
      expect(first.get("Idempotent-Replayed")).toBeUndefined();
      expect(again.get("Idempotent-Replayed")).toBe("true");
      expect([again.status, again.body]).toEqual([first.status, first.body]);
    }
    expect((await sandbox.ledger()).charges).toHaveLength(2);
  });

  it("are bound to one endpoint and its parameters", async () => {
    await sandbox.post("/v1/charges", price, "k").expect(200);
    const other = await sandbox.post("/v1/charges", { ...price, amount: "2000" }, "k").expect(400);
    expect(other.body.error.type).toBe("idempotency_error");
    await sandbox.post("/v1/refunds", price, "k").expect(400);
  });

  it("store no response for a request that was rejected before execution", async () => {
    await sandbox.post("/v1/charges", { ...price, amount: "1" }, "k").expect(400);
    await sandbox.post("/v1/charges", price, "k").expect(200);
  });

  it("are forgotten after a day", async () => {
    await sandbox.post("/v1/charges", price, "k").expect(200);
    sandbox.pass(24 * 60 * 60 * 1000 - 1000);
    expect((await sandbox.post("/v1/charges", price, "k")).get("Idempotent-Replayed")).toBe("true");
    sandbox.pass(1000);
    expect((await sandbox.post("/v1/charges", price, "k")).get("Idempotent-Replayed")).toBeUndefined();
  });

  it("return 409 while the first request is running, and its response afterwards", async () => {
    await sandbox.fault({ operation: "charge", kind: "delay", milliseconds: 300 });
    const both = [sandbox.post("/v1/charges", price, "k"), sandbox.post("/v1/charges", price, "k")];
    const { status, body } = await Promise.race(both);
    expect(status).toBe(409);
    expect(body.error).toMatchObject({ type: "idempotency_error", code: "idempotency_key_in_use" });
    expect((await sandbox.ledger()).charges).toEqual([]); // the delay precedes execution

    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 409]));
    expect((await sandbox.post("/v1/charges", price, "k").expect(200)).get("Idempotent-Replayed")).toBe(
      "true",
    );
    expect((await sandbox.ledger()).charges).toHaveLength(1);
  });
});

describe("faults", () => {
  it("fail without execution, and the key returns the failure again, like at Stripe", async () => {
    await sandbox.fault({ operation: "charge", kind: "fail" });
    expect((await sandbox.post("/v1/charges", price, "k").expect(500)).body.error.type).toBe("api_error");
    await sandbox.post("/v1/charges", price, "k").expect(500);
    expect((await sandbox.ledger()).charges).toEqual([]);
    await sandbox.post("/v1/charges", price, "another").expect(200);
  });

  it("fail before execution, so that the key is unused", async () => {
    await sandbox.fault({ operation: "charge", kind: "fail", status: 429, beforeWork: true });
    await sandbox.post("/v1/charges", price, "k").expect(429);
    await sandbox.post("/v1/charges", price, "k").expect(200);
  });

  it("lose the response after execution", async () => {
    await sandbox.fault({ operation: "charge", kind: "lose", times: 2 });
    await expect(sandbox.post("/v1/charges", price, "k")).rejects.toThrow("socket hang up");
    await expect(sandbox.post("/v1/charges", price, "k")).rejects.toThrow("socket hang up");
    const { body } = await sandbox.post("/v1/charges", price, "k").expect(200);
    expect((await sandbox.ledger()).charges).toEqual([body]);
  });

  it("close the connection before execution, so that the key is unused", async () => {
    await sandbox.fault({ operation: "charge", kind: "lose", beforeWork: true });
    await expect(sandbox.post("/v1/charges", price, "k")).rejects.toThrow("socket hang up");
    expect((await sandbox.ledger()).charges).toEqual([]);
    await sandbox.post("/v1/charges", price, "k").expect(200);
  });

  it("fail after execution, and the key returns the failure again", async () => {
    await sandbox.fault({ operation: "charge", kind: "fail", afterWork: true });
    await sandbox.post("/v1/charges", price, "k").expect(500);
    await sandbox.post("/v1/charges", price, "k").expect(500);
    expect((await sandbox.ledger()).charges).toMatchObject([{ paid: true }]);
  });

  it("close the connection and execute later, once, while the key is in use", async () => {
    await sandbox.fault({ operation: "charge", kind: "late", milliseconds: 30_000 });
    await expect(sandbox.post("/v1/charges", price, "k")).rejects.toThrow("socket hang up");
    expect((await sandbox.ledger()).charges).toEqual([]);
    await sandbox.post("/v1/charges", price, "k").expect(409);
    sandbox.doLateWork();
    const { charges } = await sandbox.ledger();
    expect(charges).toMatchObject([{ paid: true }]);
    expect((await sandbox.post("/v1/charges", price, "k").expect(200)).body).toEqual(charges[0]);
  });

  it("affect only their operation", async () => {
    await sandbox.fault({ operation: "refund", kind: "fail", status: 503 });
    await sandbox.fault({ operation: "read", kind: "fail", status: 502 });
    await sandbox.fault({ operation: "token", kind: "fail", status: 504 });
    const charge = (await sandbox.post("/v1/charges", price).expect(200)).body.id;
    await sandbox.post("/v1/refunds", { charge }).expect(503);
    await sandbox.get("/v1/charges").expect(502);
    await sandbox.post("/v1/tokens", card("4242424242424242")).expect(504);
    await sandbox.get("/v1/charges").expect(200);
  });

  it("hold all requests of an operation until they are removed", async () => {
    const faults = new Faults();
    faults.add({ operation: "charge", kind: "hold" });
    let held = 2;
    const requests = [1, 2].map(() => faults.delay(faults.take("charge")).then(() => (held -= 1)));
    faults.clear("refund");
    await setImmediate();
    expect(held).toBe(2);
    faults.clear("charge");
    await Promise.all(requests);
    expect(faults.take("charge")).toBeUndefined();
  });

  it("end when they are removed", async () => {
    await sandbox.fault({ operation: "charge", kind: "fail", times: 100 });
    await sandbox.post("/v1/charges", price).expect(500);
    await request(sandbox.app).delete("/sandbox/faults").expect(204);
    await sandbox.post("/v1/charges", price).expect(200);
  });

  it.each([
    { operation: "charge", kind: "explode" },
    { operation: "charges", kind: "lose" },
    { operation: "charge", kind: "fail", beforeWork: true, afterWork: true },
    {},
  ])("are rejected if they make no sense: %j", (body) =>
    request(sandbox.app).post("/sandbox/faults").send(body).expect(400),
  );
});
