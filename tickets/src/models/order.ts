import {
  type EventData,
  type OrderStatus,
  type Subject,
  applyReplica,
  replicaFields,
} from "@eventhive/common";
import { Schema, trusted } from "mongoose";
import { database } from "../database";

const statuses = ["created", "awaiting:payment", "complete", "cancelled"] satisfies OrderStatus[];

/** Replica of the orders service's order: what a ticket's reservation is derived from. */
const orderSchema = new Schema(
  {
    ...replicaFields,
    ticketId: { type: String, required: true },
    status: { type: String, enum: statuses, required: true },
    expiresAt: { type: Date, required: true },
  },
  {
    versionKey: false,
    statics: {
      subjects: ["order:created", "order:cancelled", "order:completed"] satisfies Subject[],

      storedState({ ticket, status, expiresAt }: EventData<"order:created">) {
        return { ticketId: ticket.id, status, expiresAt };
      },
    },
  },
);

orderSchema.index({ ticketId: 1, status: 1 });

export const Order = database.model("Order", orderSchema);
export type Order = InstanceType<typeof Order>;

export const applyOrder = (order: EventData<"order:created">) =>
  applyReplica(Order, { id: order.id, version: order.version, ...Order.storedState(order) });

/** The orders that keep a ticket from everybody else: those that may still be paid, and the one that was. */
export const findLiveOrders = (ticketId: string): Promise<Order[]> =>
  Order.find({ ticketId, status: trusted({ $ne: "cancelled" }) }).exec();
