import { mongo } from "mongoose";
import { newId } from "../common/src/testing/ids";
import { database } from "../e2e/stack";
import { copies } from "./start-bare";

const { ObjectId } = mongo;
const batchSize = 5_000;
type Document = mongo.BSON.Document;
type Fields = (index: number) => Document;

/** Where a ticket is stored, and an order. */
const homes = {
  ticket: [copies.tickets, copies.ticketsOfOrders, ["bare", "tickets"], ["bare", "ticketsOfOrders"]],
  order: [
    copies.orders,
    copies.ordersOfTickets,
    copies.ordersOfPayments,
    ["bare", "orders"],
    ["bare", "ordersOfTickets"],
    ["bare", "ordersOfPayments"],
  ],
};

const sellers = Array.from({ length: 1000 }, newId);
const buyers = Array.from({ length: 1000 }, newId);

/** Tickets on sale, known to all: clones of the first one that a client listed. @returns their ids */
export const seedTickets = (count: number): Promise<string[]> =>
  seed("ticket", count, (index) => ({ userId: sellers[index % sellers.length], createdAt: new Date() }));

/** Orders of many buyers that ended long ago, known to all: clones of the first one that a client made. */
export const seedEndedOrders = (count: number): Promise<string[]> =>
  seed("order", count, (index) => ({
    userId: buyers[index % buyers.length],
    ticketId: newId(),
    status: "cancelled",
    expiresAt: new Date(0),
    createdAt: new Date(0),
  }));

/** Straight into the databases: 100,000 by the API would take minutes. */
async function seed(kind: keyof typeof homes, count: number, fields: Fields): Promise<string[]> {
  const ids = Array.from({ length: count }, () => new ObjectId());
  for (const [service = "", name = ""] of homes[kind]) {
    const collection = database(service).collection(name);
    const sample = await collection.findOne({}, { sort: { _id: 1 }, projection: { reserves: 0, place: 0 } });
    if (!sample) throw new Error(`There is no ${kind} to clone in ${service}`);
    const known = Object.keys(sample);
    const clone = (_id: mongo.ObjectId, index: number): Document => {
      const own = Object.entries(fields(index)).filter(([field]) => known.includes(field));
      return { ...sample, ...Object.fromEntries(own), _id };
    };
    for (let from = 0; from < count; from += batchSize)
      await collection.insertMany(
        ids.slice(from, from + batchSize).map((id, index) => clone(id, from + index)),
        { ordered: false, writeConcern: { w: 1, journal: false } },
      );
  }
  return ids.map(String);
}
