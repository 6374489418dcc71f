import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
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

/** Gives each test a sandbox of its own that listens on a port. */
export function serveSandbox(options: { now?: () => number } = {}) {
  const postponed: (() => void)[] = [];
  let sandbox: ReturnType<typeof createSandbox>;
  let server: Server;
  let url: string;

  beforeEach(async () => {
    postponed.length = 0;
    sandbox = createSandbox({ ...options, later: (_milliseconds, work) => postponed.push(work) });
    server = sandbox.app.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  return {
    url: () => url,
    app: () => sandbox.app,
    ledger: () => sandbox.ledger,
    addFault: (operation: string, fault: object) => sandbox.faults.add({ operation, ...fault }),
    doLateWork: () => {
      for (const work of postponed.splice(0)) work();
    },
    /** From now on accepts no connection. */
    close: () => server.close(),
    /** From now on responds as a proxy in front of it, which is not Stripe. */
    respondAsProxy: (status: number) => {
      server.removeAllListeners("request").on("request", (_request, response: ServerResponse) => {
        response.writeHead(status, { "content-type": "application/json" }).end("{}");
      });
    },
  };
}
