import { type Client, type Order, type Ticket, bodyOf, newUser } from "./client";
import { eventually } from "../common/test/eventually";
import { replicated, orderOf, ticketOnSale } from "./setup";
import { slowly } from "./sagas";
import { card, fault, ledger } from "./stack";
import { stackViolations } from "./stack-violations";

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

const chargesOf = async ({ id }: Order) =>
  (await ledger()).charges.filter(({ metadata }) => metadata.orderId === id);

it("sells a ticket to the buyer who orders and pays it", async () => {
  const ticket = await ticketOnSale(sam, { title: "Jazz at the Boathouse", price: 19.99 });
  expect(await bodyOf(bea.tickets("?q=jazz boathouse"))).toMatchObject([{ id: ticket.id, price: 19.99 }]);

  const order = await orderOf(bea, ticket);
  await untilTicketIs(ticket, "reserved");
  expect(await bodyOf(bea.tickets("?q=jazz boathouse"))).toEqual([]);

  expect(await bea.pay(order)).toMatchObject({
    status: 201,
    body: { orderId: order.id, amount: 1999, currency: "usd", state: "settled" },
  });
  expect(await bodyOf(bea.showOrder(order))).toMatchObject({ status: "complete", ticket: { id: ticket.id } });
  await untilTicketIs(ticket, "sold");
  expect(await chargesOf(order)).toMatchObject([{ amount: 1999, paid: true, refunded: false }]);
  expect(await bodyOf(bea.payments())).toMatchObject([{ orderId: order.id, state: "settled" }]);
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

it("refunds a charge when the order expires while the card is being charged", async () => {
  const order = await orderOf(bea, await ticketOnSale(sam));
  await fault({ kind: "delay", operation: "charge", milliseconds: 1_500 });
  const token = await card();
  const almost = new Date(order.expiresAt).getTime() - 500;
  await eventually(() => expect(Date.now()).toBeGreaterThan(almost), { intervalMs: 10 });

  expect(await bea.pay(order, token)).toMatchObject({ status: 400, body: { code: "order-expired" } });
  expect(await bodyOf(bea.showOrder(order))).toMatchObject({ status: "cancelled", cancelReason: "expired" });
  await eventually(async () =>
    expect(await chargesOf(order)).toMatchObject([{ paid: true, refunded: true }]),
  );
});

it("refunds a charge that Stripe executes after the order has expired", async () => {
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
}, 60_000);

it("retries a charge that Stripe rejects with 429 within one request", async () => {
  const order = await orderOf(bea, await ticketOnSale(sam));
  await fault({ kind: "fail", operation: "charge", status: 429, beforeWork: true, times: 2 });
  expect(await bea.pay(order)).toMatchObject({ status: 201, body: { state: "settled" } });
  expect(await chargesOf(order)).toHaveLength(1);
});

it("keeps every invariant", async () => {
  expect(await stackViolations()).toEqual([]);
});
