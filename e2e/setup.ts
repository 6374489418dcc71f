import { mongo } from "mongoose";
import { type Client, type Order, type Ticket, bodyOf } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { database } from "./stack";

/** Resolves with a service's replica once it has at least this version. */
export function replicated(
  service: "orders" | "payments" | "tickets",
  collection: "orders" | "tickets",
  { id, version }: { id: string; version: number },
): Promise<mongo.Document> {
  const newest = { _id: new mongo.ObjectId(id), version: { $gte: version } };
  return eventually(async () => {
    const replica = await database(service).collection(collection).findOne(newest);
    if (!replica) throw new Error(`${service} has no replica of ${id} at version ${version}`);
    return replica;
  });
}

/** A ticket that can be ordered. */
export async function ticketOnSale(
  seller: Client,
  { title = "Chamber music", price = 20 } = {},
): Promise<Ticket> {
  const ticket = await bodyOf(seller.sell(title, price));
  await replicated("orders", "tickets", ticket);
  return ticket;
}

/** An order that can be paid. */
export async function orderOf(buyer: Client, ticket: Ticket): Promise<Order> {
  const order = await bodyOf(buyer.order(ticket));
  await replicated("payments", "orders", order);
  return order;
}
