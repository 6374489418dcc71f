import { type Client, type Order, type Ticket, bodyOf, person } from "./client";
import { eventually } from "../common/test/eventually";
import { orderOf, ticketOnSale } from "./market";
import { database, fault } from "./stack";

/** A person's way up to where the kills begin. What it gives back goes on from there, and resolves at the right end. */
export type Saga = () => Promise<() => Promise<unknown>>;

/** A killed process leaves messages that the broker hands to others only after some seconds. */
export const patiently = { withinSeconds: 60, intervalMs: 250 };

/** Retries as users do: checks whether the step has succeeded, and repeats it if not. */
const insist = <Fact>(ask: () => Promise<Fact>) => eventually(ask, patiently);

async function offer(): Promise<{ buyer: Client; ticket: Ticket }> {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
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

/** Puts one ticket on sale, not two. */
export const sell: Saga = async () => {
  const seller = await person("seller");
  const mine = () => bodyOf(seller.tickets("?mine=true"));
  return async () => {
    const { id } = await insist(async () => (await mine())[0] ?? bodyOf(seller.sell("Chamber music", 20)));
    expect(await insist(mine)).toEqual([expect.objectContaining({ id })]);
  };
};

/** Reserves a ticket, only to forget about it. */
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

/** Does not rest before the ticket is his, whatever became of the first order. */
export const buy: Saga = async () => {
  const { buyer, ticket } = await reservation();
  return () =>
    insist(async () => {
      const newest = await newestOrder(buyer);
      if (newest?.status === "complete") return;
      const order = newest?.status === "created" ? newest : await bodyOf(buyer.order(ticket));
      await buyer.pay(order); // with another card each time: only one of them may be charged
      throw new Error(`It is not known yet what became of ${order.id}`);
    });
};

/** Cancels while the card is being charged: the money goes back. */
export const payTooLate: Saga = async () => {
  const { buyer, ticket, order } = await reservation();
  await fault({ kind: "delay", operation: "charge", milliseconds: 1500 });
  const answer = buyer.pay(order);
  const charging = { orderId: order.id, state: "charging" };
  await eventually(async () =>
    expect(await database("payments").collection("payments").findOne(charging)).toBeTruthy(),
  );
  await bodyOf(buyer.cancel(order));
  return async () => {
    await answer;
    await untilFree(buyer, ticket);
  };
};
