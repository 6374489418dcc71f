import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Stripe from "stripe";
import request from "supertest";
import { createSandbox } from "./sandbox";

const stripe = new Stripe("sk_test_1");
const secret = "whsec_test";

interface Received {
  body: string;
  signature: string;
}

let sandbox: ReturnType<typeof createSandbox>;
let receiver: Server;
let received: Received[];
let lateWork: (() => void)[];

beforeEach(async () => {
  received = [];
  lateWork = [];
  sandbox = createSandbox({ later: (_milliseconds, work) => lateWork.push(work) });
  receiver = createServer((req, res) => {
    void text(req).then((body) => {
      received.push({ body, signature: String(req.headers["stripe-signature"]) });
      res.end();
      receiver.emit("received");
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
});

afterEach(() => {
  receiver.closeAllConnections();
  receiver.close();
});

async function arrival(count: number): Promise<Received[]> {
  while (received.length < count) await once(receiver, "received");
  return received;
}

const post = (path: string, body: object = {}) =>
  request(sandbox.app)
    .post(path)
    .type("form")
    .set("Authorization", "Bearer sk_test_1")
    .send(body)
    .expect(200);

async function holdAndCancel(delivery: string): Promise<string> {
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  await request(sandbox.app).post("/sandbox/webhooks").send({ url, secret, delivery }).expect(204);
  const method = await post("/v1/payment_methods", { type: "card", card: { token: "tok_visa" } });
  const terms = { amount: "1999", currency: "usd", capture_method: "manual", payment_method: method.body.id };
  const { id } = (await post("/v1/payment_intents", { ...terms, "allowed_payment_method_types[0]": "card" }))
    .body;
  await post(`/v1/payment_intents/${id}/confirm`);
  await post(`/v1/payment_intents/${id}/cancel`);
  return id;
}

const verified = ({ body, signature }: Received) => stripe.webhooks.constructEvent(body, signature, secret);
const held = "payment_intent.amount_capturable_updated";
const canceled = "payment_intent.canceled";
const typesOf = (all: Received[]) => all.map((one) => verified(one).type).toSorted();

it("sends one signed event per change, none for a create", async () => {
  const id = await holdAndCancel("once");
  const events = await arrival(2);
  expect(typesOf(events)).toEqual([held, canceled]);
  for (const event of events) expect(verified(event).data.object).toMatchObject({ id });
});

it("sends a duplicated event twice with the same id", async () => {
  await holdAndCancel("doubled");
  const events = (await arrival(4)).map(verified);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
});

it("swaps two reordered events", async () => {
  await holdAndCancel("reordered");
  expect((await arrival(2)).map((one) => verified(one).type)).toEqual([canceled, held]);
});

it("sends late events when they are due, and never sends lost ones", async () => {
  await holdAndCancel("lost");
  expect(lateWork).toEqual([]);
  await holdAndCancel("late");
  expect(received).toEqual([]);
  for (const work of lateWork) work();
  expect(typesOf(await arrival(2))).toEqual([held, canceled]);
});

it("sends an event signed with another secret when it is forged", async () => {
  await holdAndCancel("forged");
  const events = await arrival(2);
  for (const event of events) expect(() => verified(event)).toThrow("No signatures found");
  const types = events.map(({ body }): string => JSON.parse(body).type);
  expect(types.toSorted()).toEqual([held, canceled]);
});
