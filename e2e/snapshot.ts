import { type Event, allPaymentStates } from "@eventhive/common";
import type { mongo } from "mongoose";
import { z } from "zod";
import type { Charge, Intent } from "../infra/stripe-sandbox/ledger";

/** The sources of truth: the databases of the services, the ledger of the payment gateway, the log of the broker. */
export interface SnapshotSources {
  tickets: mongo.Db;
  orders: mongo.Db;
  /** If missing, invariants about bans are not checked. */
  auth?: mongo.Db;
  /** If missing, invariants about money are not checked. */
  money?: { payments: mongo.Db; ledger: () => Promise<{ charges: Charge[]; intents: Intent[] }> };
  /** If missing, invariants about publishing are not checked. */
  published?: () => Event[];
}

const aggregate = z.object({ id: z.string(), version: z.int(), outbox: z.array(z.unknown()).default([]) });

const ticketSchema = aggregate.extend({
  title: z.string(),
  price: z.number(),
  userId: z.string(),
  orderId: z.string().nullish(),
  sold: z.boolean(),
  withdrawn: z.boolean(),
});

const orderSchema = aggregate.extend({
  userId: z.string(),
  createdAt: z.date().optional(),
  changedAt: z.date().optional(),
  status: z.enum(["created", "awaiting:payment", "complete", "cancelled"]),
  cancelReason: z.string().optional(),
  expiresAt: z.date(),
  ticket: z.object({ id: z.string(), title: z.string(), price: z.number(), version: z.int() }),
});

const paymentSchema = aggregate.extend({
  orderId: z.string(),
  amount: z.int(),
  stripeId: z.string().optional(),
  intentId: z.string().optional(),
  isAnnounced: z.boolean().optional(),
  createdAt: z.date().optional(),
  since: z.date().optional(),
  state: z.enum(allPaymentStates),
});

const userSchema = z.object({
  id: z.string(),
  version: z.int().default(0),
  banned: z.boolean().default(false),
  banChanges: z.array(z.unknown()).default([]),
  sessionEpoch: z.int().default(0),
  deletedAt: z.date().optional(),
});

const replicaSchema = z.looseObject({ id: z.string(), version: z.int() });
export type Replica = z.infer<typeof replicaSchema>;

/** The state at (almost) one moment. */
export interface Snapshot {
  tickets: z.infer<typeof ticketSchema>[];
  orders: z.infer<typeof orderSchema>[];
  replicas: { ticketsInOrders: Replica[]; ordersInTickets: Replica[]; ordersInPayments?: Replica[] };
  bans?: {
    users: z.infer<typeof userSchema>[];
    /** By service. */
    replicas: Record<string, Replica[]>;
  };
  money?: { payments: z.infer<typeof paymentSchema>[]; charges: Charge[]; intents: Intent[] };
  published?: Event[];
}

/** Describes each violation. */
export type Invariant = (snapshot: Snapshot) => string[];

export async function takeSnapshot({
  tickets,
  orders,
  auth,
  money,
  published,
}: SnapshotSources): Promise<Snapshot> {
  return {
    replicas: {
      ticketsInOrders: await all(orders, "tickets", replicaSchema),
      ordersInTickets: await all(tickets, "orders", replicaSchema),
      ordersInPayments: money && (await all(money.payments, "orders", replicaSchema)),
    },
    tickets: await all(tickets, "tickets", ticketSchema),
    orders: await all(orders, "orders", orderSchema),
    bans: auth && {
      users: await all(auth, "users", userSchema),
      replicas: {
        auth: await all(auth, "bans", replicaSchema),
        tickets: await all(tickets, "bans", replicaSchema),
        orders: await all(orders, "bans", replicaSchema),
        ...(money && { payments: await all(money.payments, "bans", replicaSchema) }),
      },
    },
    money: money && {
      payments: await all(money.payments, "payments", paymentSchema),
      ...(await money.ledger()),
    },
    published: published?.(),
  };
}

async function all<Document>(
  database: mongo.Db,
  collection: string,
  schema: z.ZodType<Document>,
): Promise<Document[]> {
  const documents = await database.collection(collection).find().toArray();
  return documents.map(({ _id, ...rest }) => schema.parse({ id: _id.toHexString(), ...rest }));
}
