import { clock, seconds } from "@eventhive/common";
import { newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { gateway, intentGateway } from "./stripe";
import { orderToPay, pays, setUpSandbox, untilPayment } from "../test/fixtures";

setUpService(database);
const sandbox = setUpSandbox();
// After 65 s the response is due, and Stripe's sandbox holds a request for a minute.
beforeAll(() => Object.assign(process.env, { STRIPE_TIMEOUT_SECONDS: "60", CHARGE_RETRY_SECONDS: "5" }));

const orderInTime = () => orderToPay({ expiresAt: new Date(clock.now() + seconds(600)).toISOString() });
const pending = { status: 503, body: { code: "payment-pending" } };

/** @throws if it takes as long as one request to Stripe may last */
async function soon<T>(work: Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work;
  expect(performance.now() - startedAt).toBeLessThan(seconds(50));
  return result;
}

/** Time passes only during the first request of this kind: so much that the response is due then. */
function dueIn(milliseconds: number, after: RegExp): void {
  const now = clock.now();
  clock.use(() => now);
  sandbox.listen((words) => {
    if (after.test(words)) clock.use(() => now + seconds(65) - milliseconds);
  });
}

async function challengedOrder() {
  const order = await orderInTime();
  const token = await sandbox.tokenOf("4000002760003184");
  expect(await pays(order, token)).toMatchObject({ status: 202, body: { state: "challenged" } });
  return { order, token };
}

it("leaves the outcome of another card open when the response is due", async () => {
  const { order } = await challengedOrder();
  dueIn(500, /cancel$/);
  sandbox.faults.add({ operation: "intent", kind: "hold" });
  expect(await soon(pays(order))).toMatchObject(pending);
  expect((await untilPayment(order, "authorizing")).openRequests).toBe(1);
});

it("begins no request to Stripe when the response is due", async () => {
  const { order } = await challengedOrder();
  dueIn(0, /cancel$/);
  sandbox.requests.length = 0;
  expect(await pays(order)).toMatchObject(pending);
  expect(sandbox.requests.map((words) => words.replace(/pi_\w+/, "ID"))).toEqual([
    "POST /v1/payment_intents/ID/cancel",
  ]);
  expect((await untilPayment(order, "authorizing")).openRequests).toBe(0);
});

it("does not wait for the secret of 3-D Secure when the response is due", async () => {
  const { order, token } = await challengedOrder();
  dueIn(500, /^GET .v1.payment_intents.pi_/);
  sandbox.faults.add({ operation: "read", kind: "delay", milliseconds: 1 });
  sandbox.faults.add({ operation: "read", kind: "hold" });
  expect(await soon(pays(order, token))).toMatchObject(pending);
  expect((await untilPayment(order, "challenged")).orderId).toBe(order.id);
});

const soonDue = () => clock.now() + 500;

it.each<[string, () => Promise<unknown>, object]>([
  [
    "an intent",
    () => intentGateway().retrieve({ paymentId: newId(), intentId: "pi_1", deadline: soonDue() }),
    { outcome: "unknown" },
  ],
  [
    "a charge",
    () => gateway().find({ paymentId: newId(), since: clock.date(), deadline: soonDue() }),
    { type: "StripeConnectionError" },
  ],
])("ends the search for %s at the deadline", async (_what, search, outcome) => {
  sandbox.faults.add({ operation: "read", kind: "hold" });
  expect(await soon(search().catch((error: unknown) => error))).toMatchObject(outcome);
});
