import { type EventData, type OrderStatus, clock, defineReplica, hours, joined } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "../config";
import { database } from "../database";

const statuses = ["created", "awaiting:payment", "complete", "cancelled"] satisfies OrderStatus[];

/** Replica of the orders service's order: what a ticket's reservation is derived from. */
export const Order = defineReplica(database, "Order", {
  subjects: ["order:created", "order:updated", "order:cancelled", "order:completed"],
  fields: {
    ticketId: { type: String, required: true },
    status: { type: String, enum: statuses, required: true },
    expiresAt: { type: Date, required: true },
  },
  from: ({ ticket, status, expiresAt }) => ({ ticketId: ticket.id, status, expiresAt }),
  indexes: [[{ ticketId: 1, status: 1, expiresAt: 1 }], [{ expiresAt: 1 }]],
});
export type Order = InstanceType<typeof Order>;

const ended = ["complete", "cancelled"] satisfies OrderStatus[];
const isEnded = ({ status }: { status: OrderStatus }) => ended.some((end) => end === status);

/** Ended orders whose `expiresAt` was before then are pruned. */
const prunedBefore = () => clock.now() - hours(24 * config.ORDER_REPLICA_DAYS);

/**
 * The version of a pruned replica is gone, so an old state can no longer be recognized. Ended states are harmless: the
 * replica was pruned in one. A live state of an order that may be pruned is ignored, because it would reserve the ticket
 * forever: orders ends overdue orders within seconds, so such an event is late or replayed. It is ignored from an hour
 * before anything is pruned, to allow for clock skew.
 */
export async function applyOrder(order: EventData<"order:created">): Promise<void> {
  if (!isEnded(order) && Date.parse(order.expiresAt) < prunedBefore() + hours(1)) return;
  await Order.apply(order);
}

const maxPruned = 1000;

/** Removes replicas of orders that ended long ago. A sold ticket stays sold without them. */
export async function pruneOrders(): Promise<void> {
  const old = { status: trusted({ $in: ended }), expiresAt: trusted({ $lt: new Date(prunedBefore()) }) };
  const orders = await Order.find(old, { _id: 1 }).sort({ expiresAt: 1 }).limit(maxPruned);
  if (orders.length > 0)
    await Order.deleteMany({ ...old, _id: trusted({ $in: orders.map(({ id }) => id) }) });
}

/** An order that blocks a ticket for other buyers: one that may still be paid, or was paid. */
export type LiveOrder = Pick<Order, "id" | "status" | "expiresAt">;

/** The live orders of a ticket. Calls that arrive during a query share the next one. */
export const findLiveOrders = joined(async (ticketIds: string[]): Promise<LiveOrder[][]> => {
  const orders = await Order.find({
    ticketId: trusted({ $in: ticketIds }),
    status: trusted({ $ne: "cancelled" }),
  }).lean();
  const toLiveOrder = ({ _id, status, expiresAt }: (typeof orders)[number]): LiveOrder => ({
    id: String(_id),
    status,
    expiresAt,
  });
  return ticketIds.map((id) => orders.filter(({ ticketId }) => ticketId === id).map(toLiveOrder));
});

/**
 * How many reservations of each ticket ended unpaid within 24 hours, by ticket id; tickets without any are omitted.
 */
export async function countUnpaidReservations(ticketIds: string[]): Promise<Map<string, number>> {
  const dayAgo = new Date(clock.now() - hours(24));
  const counts = await Order.aggregate<{ _id: string; count: number }>([
    { $match: { ticketId: { $in: ticketIds }, status: "cancelled", expiresAt: { $gt: dayAgo } } },
    { $group: { _id: "$ticketId", count: { $sum: 1 } } },
  ]);
  return new Map(counts.map(({ _id, count }) => [_id, count]));
}
