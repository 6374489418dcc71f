import { type Client, type Order, type Ticket, bodyOf, newUser } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "./setup";
import { decisive, paysByIntents } from "./payment-flow";
import { card, database, fault, happenToIntent } from "./stack";

/** Runs the steps before the kills. The returned function continues, and resolves when the saga has ended correctly. */
export type Saga = () => Promise<() => Promise<unknown>>;

/** Messages that a killed process has not acknowledged are redelivered only after the ack wait, and many processes restart. */
export const slowly = { withinSeconds: 240, intervalMs: 250 };

/** Retries like a user: checks whether the step has succeeded, and repeats it if not. */
const insist = <Fact>(check: () => Promise<Fact>) => eventually(check, slowly);

async function offer(): Promise<{ buyer: Client; ticket: Ticket }> {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  return { buyer, ticket: await ticketOnSale(seller) };
}

async function reservation(): Promise<{ buyer: Client; ticket: Ticket; order: Order }> {
  const { buyer, ticket } = await offer();
  return { buyer, ticket, order: await orderOf(buyer, ticket) };
}

const newestOrder = async (buyer: Client) => (await bodyOf(buyer.orders()))[0];

const untilFree = (buyer: Client, ticket: Ticket) =>
  insist(async () => {
    expect(await newestOrder(buyer)).toMatchObject({ status: "cancelled" });
    expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ status: "available" });
  });

/** Creates exactly one ticket. */
export const sell: Saga = async () => {
  const seller = await newUser("seller");
  const mine = () => bodyOf(seller.tickets("?mine=true"));
  return async () => {
    const { id } = await insist(async () => (await mine())[0] ?? bodyOf(seller.sell("Chamber music", 20)));
    expect(await insist(mine)).toEqual([expect.objectContaining({ id })]);
  };
};

/** Reserves a ticket and lets the reservation expire. */
export const reserve: Saga = async () => {
  const { buyer, ticket } = await offer();
  return async () => {
    await insist(async () => (await newestOrder(buyer)) ?? bodyOf(buyer.order(ticket)));
    await untilFree(buyer, ticket);
  };
};

export const letExpire: Saga = async () => {
  const { buyer, ticket } = await reservation();
  return () => untilFree(buyer, ticket);
};

export const cancel: Saga = async () => {
  const { buyer, ticket, order } = await reservation();
  return async () => {
    await insist(() => bodyOf(buyer.cancel(order)));
    await untilFree(buyer, ticket);
  };
};

/** Retries until the buyer owns the ticket, with a new order if the first one has ended. */
const buyBy =
  (pay: (buyer: Client, order: Order) => Promise<unknown>): Saga =>
  async () => {
    const { buyer, ticket } = await reservation();
    return () =>
      insist(async () => {
        const newest = await newestOrder(buyer);
        if (newest?.status === "complete") return;
        const order = newest?.status === "created" ? newest : await bodyOf(buyer.order(ticket));
        await pay(buyer, order);
        throw new Error(`The outcome of ${order.id} is not known yet`);
      });
  };

/** With a new card each time: only one may be charged. */
export const buy = buyBy((buyer, order) => buyer.pay(order));

/** Passes 3-D Secure. */
export const buyWith3DSecure = buyBy(async (buyer, order) => {
  const token = await card("4000002760003184");
  const { intentId = "" } = await bodyOf(buyer.pay(order, token));
  await happenToIntent(intentId, "pass-challenge");
  await buyer.pay(order, token);
});

/** Cancels while the card is asked for the money, which leads to a refund, or to a release of what is held. */
export const payTooLate: Saga = async () => {
  const { buyer, ticket, order } = await reservation();
  await fault({ kind: "delay", operation: decisive, milliseconds: 1500 });
  const response = buyer.pay(order);
  const begun = paysByIntents ? { intentId: { $exists: true } } : { state: "charging" };
  await eventually(async () => {
    const payments = database("payments").collection("payments");
    expect(await payments.findOne({ orderId: order.id, ...begun })).toBeTruthy();
  });
  await bodyOf(buyer.cancel(order));
  return async () => {
    await response;
    await untilFree(buyer, ticket);
  };
};
