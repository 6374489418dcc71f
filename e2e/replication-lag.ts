import { mongo } from "mongoose";
import { type Client, type Order, type Ticket, bodyOf, newUser } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { database } from "./stack";

const sides = 8;

/** Ten events on seven channels. */
async function trade(seller: Client, buyer: Client): Promise<{ ticket: Ticket; orders: Order[] }> {
  const ticket = await bodyOf(seller.sell("Good", 20));
  const cancelled = await eventually(() => bodyOf(buyer.order(ticket)));
  await bodyOf(buyer.cancel(cancelled));
  const order = await bodyOf(buyer.order(ticket));
  await eventually(async () => expect((await buyer.pay(order)).status).not.toBe(404));
  return { ticket, orders: [cancelled, order] };
}

/** Makes this many trades. Resolves with the replication lag of each ticket and order, in milliseconds. */
export async function lagsOf(trades: number): Promise<number[]> {
  const tickets: Ticket[] = [];
  const orders: Order[] = [];
  let left = trades;
  const side = async () => {
    const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
    while (left-- > 0) {
      const made = await trade(seller, buyer);
      tickets.push(made.ticket);
      orders.push(...made.orders);
    }
  };
  await Promise.all(Array.from({ length: sides }, side));
  const lags = await Promise.all([
    lagsOfReplicas("orders", "tickets", tickets),
    lagsOfReplicas("tickets", "orders", orders),
    lagsOfReplicas("payments", "orders", orders),
  ]);
  return lags.flat();
}

/** From the creation of the aggregate to that of its replica, both by the clock of MongoDB. */
async function lagsOfReplicas(
  service: string,
  collection: "orders" | "tickets",
  sources: { id: string; createdAt: string }[],
): Promise<number[]> {
  const ids = sources.map(({ id }) => new mongo.ObjectId(id));
  const replicas = await eventually(async () => {
    const found = await database(service)
      .collection<{ createdAt: Date }>(collection)
      .find({ _id: { $in: ids } })
      .toArray();
    expect(found).toHaveLength(ids.length);
    return new Map(found.map(({ _id, createdAt }) => [String(_id), createdAt.getTime()]));
  });
  return sources.map(({ id, createdAt }) => (replicas.get(id) ?? NaN) - new Date(createdAt).getTime());
}
