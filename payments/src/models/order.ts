import {
  BadRequestError,
  type CancelReason,
  type EventData,
  ForbiddenError,
  NotFoundError,
  type OrderStatus,
  type Subject,
  applyReplica,
  clock,
  replicaFields,
} from "@eventhive/common";
import { Schema } from "mongoose";
import { database } from "../database";

const statuses = ["created", "awaiting:payment", "complete", "cancelled"] satisfies OrderStatus[];

/** Replica of the orders service's order: what is to be paid, by whom, and what became of it. */
const orderSchema = new Schema(
  {
    ...replicaFields,
    userId: { type: String, required: true },
    status: { type: String, enum: statuses, required: true },
    cancelReason: { type: String, enum: ["buyer", "expired"] satisfies CancelReason[] },
    price: { type: Number, required: true },
    title: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  {
    versionKey: false,
    statics: {
      subjects: ["order:created", "order:cancelled", "order:completed"] satisfies Subject[],

      storedState(order: EventData<"order:created">) {
        const { userId, status, cancelReason, expiresAt, ticket } = order;
        return { userId, status, cancelReason, price: ticket.price, title: ticket.title, expiresAt };
      },
    },
    methods: {
      /** Why nobody can pay it. Our clock only spares a charge that would go back: orders alone decides what expired. */
      refusal(): BadRequestError | undefined {
        if (this.status === "complete")
          return new BadRequestError("order-paid", "This order is paid already");
        if (this.status === "cancelled") return cancellationOf(this);
        return this.expiresAt.getTime() <= clock.now() ? expired() : undefined;
      },

      summary() {
        const { id, title, price, status } = this;
        return { id, title, price, status };
      },
    },
  },
);

const expired = () => new BadRequestError("order-expired", "The time to pay this order is over");
const cancelled = () => new BadRequestError("order-cancelled", "This order was cancelled");

/** What a buyer is told whose order was cancelled. */
export const cancellationOf = ({ cancelReason }: { cancelReason?: CancelReason | null }): BadRequestError =>
  cancelReason === "expired" ? expired() : cancelled();

export const Order = database.model("Order", orderSchema);
export type Order = InstanceType<typeof Order>;

export const applyOrder = (order: EventData<"order:created">) =>
  applyReplica(Order, { id: order.id, version: order.version, ...Order.storedState(order) });

/** @throws NotFoundError, or ForbiddenError when it is somebody else's */
export async function findOwnOrder(userId: string, id: string): Promise<Order> {
  const order = await Order.findById(id);
  if (!order) throw new NotFoundError("order");
  if (order.userId !== userId) throw new ForbiddenError();
  return order;
}
