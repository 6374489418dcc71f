import request from "supertest";
import { createSandbox } from "./sandbox";

export const price = { amount: "1999", currency: "usd", source: "tok_visa" };

/** A sandbox for one test, used over HTTP. Its clock starts at 15 January 2026. */
export function testSandbox() {
  let time = Date.UTC(2026, 0, 15);
  const postponed: (() => void)[] = [];
  const { app } = createSandbox({ now: () => time, later: (_milliseconds, work) => postponed.push(work) });

  const post = (path: string, body: object, key?: string) => {
    const sent = request(app).post(path).type("form").set("Authorization", "Bearer sk_test_1").send(body);
    return key ? sent.set("Idempotency-Key", key) : sent;
  };

  return {
    app,
    post,
    get: (path: string) => request(app).get(path).set("Authorization", "Bearer sk_test_1"),
    fault: (body: object) => request(app).post("/sandbox/faults").send(body).expect(201),
    ledger: async () => (await request(app).get("/sandbox/ledger").expect(200)).body,
    token: async (number: string): Promise<string> =>
      (await post("/v1/tokens", card(number)).expect(200)).body.id,
    now: () => time,
    doLateWork: () => {
      for (const work of postponed.splice(0)) work();
    },
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

export const card = (number: string, rest: object = {}) => ({
  card: { number, exp_month: "12", exp_year: "2030", cvc: "123", ...rest },
});
