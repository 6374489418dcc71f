import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mongo } from "mongoose";
import { type BareBroker, connectBareBroker } from "./bare-broker";

// What this machine can do: one process, HTTP, the MongoDB driver and the broker's client. It stores the documents that
// the services store, with their indexes and write concern, and does only the minimum that a request needs. Started by
// start-bare.ts, which copies samples and indexes into the database "bare".

const { ObjectId } = mongo;
const live = ["created", "awaiting:payment"];
const client = new mongo.MongoClient(process.env.MONGO_URL ?? "", {
  writeConcern: { w: "majority", journal: true },
});
const database = client.db("bare");
const tickets = database.collection<Outbox>("tickets");
const orders = database.collection<Outbox>("orders");
const ticketsOfOrders = database.collection("ticketsOfOrders");
const replicasOfOrders = [database.collection("ordersOfTickets"), database.collection("ordersOfPayments")];
/** Like the relay of the services: without waiting for the journal, because a lost pull only repeats an event. */
const unjournaled = { writeConcern: { w: 1, journal: false } };

interface Outbox extends mongo.BSON.Document {
  outbox: { id: string; data: object }[];
}

let broker: BareBroker;
const delivered = new Map<string, () => void>();

async function run(): Promise<void> {
  await client.connect();
  const [ticket, order] = [await tickets.findOne(), await orders.findOne()];
  if (!ticket || !order) throw new Error("There are no samples in the database");
  broker = await connectBareBroker(process.env.NATS_URL ?? "");
  await consume("bare-ticket", "orders", async (state) => {
    await replace(ticketsOfOrders, state);
    delivered.get(String(state.id))?.();
  });
  await consume("bare-order", "tickets", async (state) => {
    await replace(replicasOfOrders[0], state);
    await reserve(state.ticketId);
  });
  await consume("bare-order", "payments", (state) => replace(replicasOfOrders[1], state));

  let lastPlace = 1_000_000; // each ticket has one of its own, because all are of one seller
  const insertTicket = () => insert(tickets, ticket, { place: lastPlace++ });

  const routes: Record<string, (request: IncomingMessage) => Promise<unknown>> = {
    user: async () => ({ currentUser: { id: ticket.userId, email: "someone@example.com" } }),
    list: async () => {
      const newest = { createdAt: -1, _id: -1 } as const;
      return (await tickets.find({ available: true }).sort(newest).limit(51).toArray())
        .slice(0, 50)
        .map(shown);
    },
    show: async ({ url = "" }) => shown((await tickets.findOne({ _id: new ObjectId(url.slice(-24)) })) ?? {}),
    publish: async () => {
      const created = await insertTicket();
      void publish(tickets, "bare-ticket", created);
      return shown(created);
    },
    deliver: async () => {
      const created = await insertTicket();
      const arrival = new Promise<void>((resolve) => delivered.set(String(created._id), resolve));
      void publish(tickets, "bare-ticket", created);
      await arrival;
      return shown(created);
    },
    order: async ({ url = "" }) => shown(await placeOrder(order, url.slice(-24))),
  };
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const [, name = ""] = request.url?.split("/") ?? [];
    const body = JSON.stringify(await routes[name]?.(request));
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  };
  createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(Number(process.env.PORT), "127.0.0.1", () => process.send?.("ready"));
}

const shown = ({ _id, outbox: _, beginnings: __, ...rest }: mongo.BSON.Document) => ({
  id: _id,
  ...rest,
});

async function insert(collection: mongo.Collection<Outbox>, sample: mongo.BSON.Document, fields = {}) {
  const document: mongo.BSON.Document & { _id: mongo.ObjectId } = {
    ...sample,
    _id: new ObjectId(),
    createdAt: new Date(),
    ...fields,
  };
  const { outbox: _, beginnings: __, ...data } = document;
  await collection.insertOne({ ...document, outbox: [{ id: randomUUID(), data }] });
  return document;
}

async function placeOrder(sample: mongo.BSON.Document, ticketId: string) {
  const ticket = await ticketsOfOrders.findOne({ _id: new ObjectId(ticketId) });
  if (!ticket) throw new Error("There is no such ticket");
  const { userId } = sample;
  await orders
    .find({ $or: [{ reserves: ticketId }, { userId, status: { $in: live } }] })
    .limit(10)
    .toArray();
  await orders.countDocuments({ userId, status: "cancelled", expiresAt: { $gt: new Date() } }, { limit: 10 });
  const fields = { ticketId, reserves: ticketId, place: `bare/${randomUUID()}`, version: 0, userId };
  const order = await insert(orders, sample, fields);
  void publish(orders, "bare-order", order);
  return order;
}

/** Derives the reservation of a ticket from its orders. */
async function reserve(ticketId: string): Promise<void> {
  const ticket = await tickets.findOne({ _id: new ObjectId(ticketId) });
  const [order] = await database.collection("ordersOfTickets").find({ ticketId }).toArray();
  if (!ticket) throw new Error("There is no such ticket");
  const version = Number(ticket.version) + 1;
  const change = { version, orderId: order?._id, available: false };
  const stored = { ...change, outbox: [{ id: randomUUID(), data: change }] };
  await tickets.updateOne({ _id: ticket._id, version: ticket.version }, { $set: stored });
  await publish(tickets, "bare-ticket", { ...ticket, ...change });
}

async function publish(
  collection: mongo.Collection<Outbox>,
  subject: string,
  document: mongo.BSON.Document,
): Promise<void> {
  const { _id } = document;
  await broker.publish(subject, JSON.stringify(shown(document)));
  await collection.updateOne({ _id }, { $set: { outbox: [] } }, unjournaled);
}

async function replace(
  collection: mongo.Collection | undefined,
  { id, ...state }: mongo.BSON.Document,
): Promise<void> {
  const older = { _id: new ObjectId(String(id)), version: { $lt: Number(state.version) } };
  await collection?.updateOne(older, { $set: state }, { upsert: true });
}

const consume = (subject: string, group: string, handle: (state: mongo.BSON.Document) => Promise<void>) =>
  broker.subscribe(subject, group, (text) => handle(JSON.parse(text)));

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
process.on("disconnect", () => process.exit(0));
