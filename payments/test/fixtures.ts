import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CancelReason, type EventData, clock, onFailpoint, seconds } from "@eventhive/common";
import { newId, signedIn } from "@eventhive/common/testing";
import request, { type Response } from "supertest";
import { eventually } from "../../common/src/testing/eventually";
import { confirmInBrowser } from "../../infra/stripe-sandbox/intent-events";
import { createSandbox } from "../../infra/stripe-sandbox/sandbox";
import { app } from "../src/app";
import { charge } from "../src/charge";
import { Order, applyOrder } from "../src/models/order";
import { Payment, paymentFor } from "../src/models/payment";

export type OrderEvent = EventData<"order:created">;

/** Gives a test file its own sandbox of Stripe, which the real adapter calls; it uses the test's clock. */
export function setUpSandbox({ flow = "intents" }: { flow?: "intents" | "charges" } = {}) {
  const postponed: (() => void)[] = [];
  const sandbox = createSandbox({ now: clock.now, later: (_milliseconds, work) => postponed.push(work) });
  let server: Server;
  const requests: string[] = [];
  let onRequest: ((request: string) => void) | undefined;
  let denied: string | undefined;

  beforeAll(async () => {
    server = createServer((req, res) => {
      const words = `${req.method} ${req.url?.split("?")[0]}`;
      requests.push(words);
      onRequest?.(words);
      if (words === denied) res.writeHead(403).end(JSON.stringify({ error: { message: "Not permitted" } }));
      else sandbox.app(req, res);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    Object.assign(process.env, {
      STRIPE_KEY: "sk_test_sandbox",
      STRIPE_API_URL: `http://127.0.0.1:${port}`,
      STRIPE_TIMEOUT_SECONDS: "2",
      PAYMENT_FLOW: flow,
    });
  });

  afterEach(() => {
    onFailpoint(undefined);
    onRequest = undefined;
    denied = undefined;
    sandbox.faults.clear();
    postponed.splice(0);
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  return {
    faults: sandbox.faults,
    ledger: sandbox.ledger,
    /** Does the work that a `late` fault has postponed. */
    doLateWork: () => {
      for (const work of postponed.splice(0)) work();
    },
    /** All requests so far, such as `GET /v1/charges`. */
    requests,
    /** Called for each request from now on, before it gets a response. */
    listen: (listener: (request: string) => void) => {
      onRequest = listener;
    },
    /** The API key lacks the permission for these requests, such as `GET /v1/disputes`. */
    deny: (request: string | undefined) => {
      denied = request;
    },
    /** Every attempt to charge the order, declined ones too. */
    chargesOf: ({ id }: OrderEvent) =>
      [...sandbox.ledger.charges.values()].filter(({ metadata }) => metadata.orderId === id),
    intentsOf: ({ id }: OrderEvent) =>
      [...sandbox.ledger.intents.values()].filter(({ metadata }) => metadata.orderId === id),
    /** Simulates what a buyer, a bank or an operator does to an intent. */
    happen: (intentId: string, event: string) =>
      request(sandbox.app).post(`/sandbox/intents/${intentId}`).send({ event }).expect(200),
    /** The buyer's browser confirms a declined intent again, with another card. */
    confirmInBrowser: (intentId: string, number = "4242424242424242") =>
      confirmInBrowser(sandbox.ledger, intentId, number, Math.floor(clock.now() / 1000)),
    /** The cardholder disputes a charge. */
    dispute: async (stripeId: string): Promise<{ created: number }> =>
      (await request(sandbox.app).post(`/sandbox/charges/${stripeId}/dispute`).expect(200)).body,
    tokenOf: async (number: string): Promise<string> => {
      const card = { number, exp_month: 12, exp_year: 2040, cvc: "123" };
      const { body } = await request(sandbox.app)
        .post("/v1/tokens")
        .set("Authorization", "Bearer pk_test_sandbox")
        .type("form")
        .send({ card })
        .expect(200);
      return body.id;
    },
  };
}

/** An order that payments has received, as orders publishes it. */
export async function orderToPay(difference: Partial<OrderEvent> = {}): Promise<OrderEvent> {
  const order: OrderEvent = {
    id: newId(),
    version: 0,
    status: "created",
    userId: newId(),
    expiresAt: new Date(clock.now() + seconds(60)).toISOString(),
    ticket: { id: newId(), title: "Chamber music", price: 19.99, version: 0 },
    ...difference,
  };
  await applyOrder(order);
  return order;
}

/** orders grants the order to this payment, and completes or cancels it with later versions. */
export const grantOf = (order: OrderEvent, paymentId: string): OrderEvent => ({
  ...order,
  version: 1,
  status: "awaiting:payment",
  paymentId,
});

export const completionOf = (order: OrderEvent): OrderEvent => ({ ...order, version: 1, status: "complete" });

export const cancellationOf = (order: OrderEvent, cancelReason: CancelReason = "buyer"): OrderEvent => ({
  ...order,
  version: 1,
  status: "cancelled",
  cancelReason,
});

/** Sends a payment of the order's buyer at once, whether or not the result is awaited. */
export const pays = (
  order: OrderEvent,
  token = "tok_visa",
  { address = "127.0.0.1" } = {},
): Promise<Response> =>
  request(app)
    .post("/api/payments")
    .set("Cookie", signedIn(order.userId))
    .set("X-Forwarded-For", address)
    .send({ orderId: order.id, token })
    .then((response) => response);

/** A payment that has not been charged yet, as a crash would leave it. */
export async function begunPayment(order: OrderEvent, token = "tok_visa"): Promise<Payment> {
  const payment = paymentFor(await Order.findById(order.id).orFail(), token);
  await payment.save();
  return payment;
}

export async function chargedPayment(order: OrderEvent): Promise<Payment> {
  const payment = await begunPayment(order);
  await charge(payment);
  return reload(payment);
}

export const reload = (payment: Payment): Promise<Payment> => Payment.findById(payment.id).orFail().exec();

/** Resolves once the order has a payment in this state. */
export const untilPayment = (order: OrderEvent, state: Payment["state"]): Promise<Payment> =>
  eventually(() => Payment.findOne({ orderId: order.id, state }).orFail().exec(), {
    withinSeconds: 5,
    intervalMs: 5,
  });

/** Advances the clock: by default so much that a payment created before counts as interrupted. */
export function later(milliseconds = seconds(4) + 1): void {
  const start = clock.now() - performance.now();
  clock.use(() => start + performance.now() + milliseconds);
}

/** Throws when a failpoint is reached for the nth time. */
export function crashAt(failpoint: string, time = 1): void {
  let left = time;
  onFailpoint((name) => {
    if (name === failpoint && --left === 0) throw new Error(`crashed at ${failpoint}`);
  });
}

/** Counts the requests to charge from now on. */
export function countAttempts(): () => number {
  let count = 0;
  onFailpoint((name) => {
    if (name === "payments.charge.before") count += 1;
  });
  return () => count;
}

/** Does something when the process reaches a failpoint for the nth time, before it continues. */
export function meanwhileAt(failpoint: string, work: () => Promise<unknown>, time = 1): void {
  let left = time;
  onFailpoint(async (name) => {
    if (name === failpoint && --left === 0) await work();
  });
}
