import { randomUUID } from "node:crypto";
import { type Client, type Order, type Payment, type Ticket, bodyOf, newUser } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { replicated, orderOf, ticketOnSale } from "./setup";
import { decisive, paysByIntents } from "./payment-flow";
import { slowly } from "./sagas";
import { card, fault, happenToIntent, ledger } from "./stack";
import { stackViolations } from "./stack-violations";

const addNone: (name: string, run: () => Promise<void>, timeoutMs?: number) => void = () => {};

/** Tests of one flow of payments only. */
const [byCharges, byIntents] = paysByIntents ? [addNone, it] : [it, addNone];

let sam: Client;
let bea: Client;
let ann: Client;

beforeAll(async () => {
  [sam, bea, ann] = await Promise.all([newUser("sam"), newUser("bea"), newUser("ann")]);
});

const untilTicketIs = (ticket: Ticket, status: Ticket["status"]) =>
  eventually(async () => expect(await bodyOf(sam.ticket(ticket))).toMatchObject({ status }));

const untilOrderIs = (buyer: Client, order: Order, state: Partial<Order>) =>
  eventually(async () => expect(await bodyOf(buyer.showOrder(order))).toMatchObject(state));

const untilPaymentIs = ({ id: orderId }: Order, state: Payment["state"]) =>
  eventually(
    async () => expect(await bodyOf(bea.payments(`?orderId=${orderId}`))).toMatchObject([{ orderId, state }]),
    slowly,
  );

const chargesOf = async ({ id }: Order) =>
  (await ledger()).charges.filter(({ metadata }) => metadata.orderId === id);

it("sells a ticket to the buyer who orders and pays for it", async () => {
  const word = randomUUID().slice(0, 8);
  const ticket = await ticketOnSale(sam, { title: `Jazz at the Boathouse ${word}`, price: 19.99 });
  expect(await bodyOf(bea.tickets(`?q=jazz ${word}`))).toMatchObject([{ id: ticket.id, price: 19.99 }]);

  const order = await orderOf(bea, ticket);
  await untilTicketIs(ticket, "reserved");
  expect(await bodyOf(bea.tickets(`?q=jazz ${word}`))).toEqual([]);

  expect(await bea.pay(order)).toMatchObject({
    status: 201,
    // With a PaymentIntent, the answer does not wait for the complete order.
    body: { orderId: order.id, amount: 1999, currency: "usd", ...(!paysByIntents && { state: "settled" }) },
  });
  await untilOrderIs(bea, order, { status: "complete" });
  await untilTicketIs(ticket, "sold");
  expect(await chargesOf(order)).toMatchObject([
    { amount: 1999, paid: true, captured: true, refunded: false },
  ]);
  await untilPaymentIs(order, "settled");
  expect(await ann.order(ticket)).toMatchObject({ status: 400, body: { code: "ticket-reserved" } });
  expect(await bea.cancel(order)).toMatchObject({ status: 400, body: { code: "order-complete" } });
});

it("puts a ticket back on sale when its reservation expires, and sells it to another buyer", async () => {
  const ticket = await ticketOnSale(sam);
  const expired = await orderOf(bea, ticket);
  expect(await ann.order(ticket)).toMatchObject({ status: 400, body: { code: "ticket-reserved" } });

  await untilOrderIs(bea, expired, { status: "cancelled", cancelReason: "expired" });
  await untilTicketIs(ticket, "available");
  expect(await bea.pay(expired)).toMatchObject({ status: 400, body: { code: "order-expired" } });

  const order = await orderOf(ann, ticket);
  expect(await ann.pay(order)).toMatchObject({ status: 201 });
  await untilTicketIs(ticket, "sold");
  expect(await chargesOf(expired)).toEqual([]);
});

it("puts a ticket back on sale when its buyer cancels", async () => {
  const ticket = await ticketOnSale(sam);
  const order = await orderOf(bea, ticket);
  expect(await ann.cancel(order)).toMatchObject({ status: 403 });
  expect(await bea.cancel(order)).toMatchObject({ status: 204 });

  expect(await bodyOf(bea.showOrder(order))).toMatchObject({ status: "cancelled", cancelReason: "buyer" });
  await untilTicketIs(ticket, "available");
  await eventually(async () =>
    expect(await bea.pay(order)).toMatchObject({ status: 400, body: { code: "order-cancelled" } }),
  );
  expect(await ann.order(ticket)).toMatchObject({ status: 201 });
});

it("lets a buyer whose card is declined pay with another", async () => {
  const order = await orderOf(bea, await ticketOnSale(sam));
  expect(await bea.pay(order, await card("4000000000009995"))).toMatchObject({
    status: 400,
    body: { code: "payment-declined", errors: [{ message: "Your card has insufficient funds." }] },
  });
  expect(await bea.pay(order)).toMatchObject({ status: 201 });
  expect((await chargesOf(order)).map(({ paid }) => paid)).toEqual([false, true]);
});

it("does not sell at a price that the buyer was not shown", async () => {
  const ticket = await ticketOnSale(sam, { price: 20 });
  const dearer = await bodyOf(sam.edit(ticket, { title: ticket.title, price: 30 }));
  await replicated("orders", "tickets", dearer);
  expect(await bea.order(ticket, 20)).toMatchObject({ status: 409, body: { code: "price-changed" } });
  expect(await bea.order(ticket, 30)).toMatchObject({
    status: 201,
    body: { ticket: { price: 30, version: dearer.version } },
  });
});

it("rejects edits of a reserved ticket", async () => {
  const ticket = await ticketOnSale(sam, { price: 20 });
  const order = await orderOf(bea, ticket);
  await untilTicketIs(ticket, "reserved");
  const refused = { status: 400, body: { code: "ticket-reserved" } };
  expect(await sam.edit(ticket, { title: "Dearer", price: 30 })).toMatchObject(refused);
  expect(await sam.withdraw(ticket)).toMatchObject(refused);
  expect(await bea.pay(order)).toMatchObject({ status: 201, body: { amount: 2000 } });
});

it("does not sell a withdrawn ticket", async () => {
  const ticket = await ticketOnSale(sam);
  expect(await sam.withdraw(ticket)).toMatchObject({ status: 204 });
  await replicated("orders", "tickets", await bodyOf(sam.ticket(ticket)));
  expect(await bea.order(ticket)).toMatchObject({ status: 400, body: { code: "ticket-withdrawn" } });
});

it("charges nothing, or refunds it, when the order expires during the charge", async () => {
  const order = await orderOf(bea, await ticketOnSale(sam));
  await fault({ kind: "delay", operation: decisive, milliseconds: 1_500 });
  const token = await card();
  const almost = new Date(order.expiresAt).getTime() - 1_000;
  await eventually(() => expect(Date.now()).toBeGreaterThan(almost), { intervalMs: 10 });

  expect(await bea.pay(order, token)).toMatchObject({ status: 400, body: { code: "order-expired" } });
  expect(await bodyOf(bea.showOrder(order))).toMatchObject({ status: "cancelled", cancelReason: "expired" });
  await untilPaymentIs(order, paysByIntents ? "failed" : "refunded");
  // An intent may have been canceled before its card was asked.
  for (const charge of await chargesOf(order))
    expect(charge).toMatchObject({ captured: !paysByIntents, refunded: true });
});

byCharges(
  "refunds a charge that Stripe executes after the order has expired",
  async () => {
    const order = await orderOf(bea, await ticketOnSale(sam));
    await eventually(() => expect(Date.now()).toBeGreaterThan(new Date(order.expiresAt).getTime() - 2_500));
    await fault({ kind: "late", operation: "charge", milliseconds: 6_000 });
    expect(await bea.pay(order)).toMatchObject({ status: 503, body: { code: "payment-pending" } });
    await untilOrderIs(bea, order, { status: "cancelled", cancelReason: "expired" });

    const seen = new Set<string>();
    await eventually(async () => {
      const [payment] = await bodyOf(bea.payments(`?orderId=${order.id}`));
      seen.add(payment?.state ?? "none");
      expect(payment).toMatchObject({ state: "refunded" });
    }, slowly);
    expect(seen).not.toContain("failed");
    expect(await chargesOf(order)).toMatchObject([{ paid: true, refunded: true }]);
  },
  60_000,
);

it("retries within one request when Stripe rejects with 429", async () => {
  const order = await orderOf(bea, await ticketOnSale(sam));
  await fault({ kind: "fail", operation: decisive, status: 429, beforeWork: true, times: 2 });
  expect(await bea.pay(order)).toMatchObject({ status: 201 });
  await untilPaymentIs(order, "settled");
  expect(await chargesOf(order)).toHaveLength(1);
});

byIntents("sends one request more than Stripe responds to, and holds the amount once", async () => {
  const order = await orderOf(bea, await ticketOnSale(sam));
  await fault({ kind: "late", operation: "confirm", milliseconds: 1_000 });
  await fault({ kind: "lose", operation: "capture" });
  expect(await bea.pay(order)).toMatchObject({ status: 201 });
  expect(await chargesOf(order)).toMatchObject([{ captured: true, refunded: false }]);
});

describe("with a card that requires 3-D Secure", () => {
  async function challenged(): Promise<{ order: Order; token: string; intentId: string }> {
    const order = await orderOf(bea, await ticketOnSale(sam));
    const token = await card("4000002760003184");
    const { state, intentId = "", clientSecret } = await bodyOf(bea.pay(order, token));
    expect({ state, clientSecret }).toEqual({
      state: "challenged",
      clientSecret: expect.stringContaining(intentId),
    });
    return { order, token, intentId };
  }

  byIntents("sells to a buyer who passes it", async () => {
    const { order, token, intentId } = await challenged();
    await happenToIntent(intentId, "pass-challenge");
    expect(await bea.pay(order, token)).toMatchObject({ status: 201, body: { intentId } });
    await untilOrderIs(bea, order, { status: "complete" });
  });

  byIntents("lets a buyer who fails it, or closes it, pay with another", async () => {
    const failed = await challenged();
    await happenToIntent(failed.intentId, "fail-challenge");
    expect(await bea.pay(failed.order, failed.token)).toMatchObject({
      status: 400,
      body: { code: "payment-declined" },
    });
    expect(await bea.pay(failed.order)).toMatchObject({ status: 201 });

    const closed = await challenged();
    expect(await bea.pay(closed.order)).toMatchObject({ status: 201 });
    await expect(happenToIntent(closed.intentId, "pass-challenge")).rejects.toThrow("canceled");
  });

  byIntents("cannot be passed any more once the order has expired", async () => {
    const { order, token, intentId } = await challenged();
    await untilOrderIs(bea, order, { status: "cancelled", cancelReason: "expired" });
    await untilPaymentIs(order, "failed");
    await expect(happenToIntent(intentId, "pass-challenge")).rejects.toThrow("canceled");
    expect(await bea.pay(order, token)).toMatchObject({ status: 400, body: { code: "order-expired" } });
    expect(await chargesOf(order)).toEqual([]);
  });
});

it("keeps every invariant", async () => {
  expect(await stackViolations()).toEqual([]);
});
