import {
  BadRequestError,
  type CancelReason,
  type EventData,
  ForbiddenError,
  NotFoundError,
  type OrderStatus,
  clock,
  defineReplica,
  hours,
  unchanged,
} from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "../config";
import { database } from "../database";

const statuses = ["created", "awaiting:payment", "complete", "cancelled"] satisfies OrderStatus[];

const expired = () => new BadRequestError("order-expired", "The time to pay for this order is up");
const cancelled = () => new BadRequestError("order-cancelled", "This order was cancelled");

/** The error of a payment for a cancelled order. */
export const cancellationOf = ({ cancelReason }: { cancelReason?: CancelReason | null }): BadRequestError =>
  cancelReason === "expired" ? expired() : cancelled();

/** Replica of the orders service's order: what is to be paid, by whom, and its outcome. */
export const Order = defineReplica(database, "Order", {
  subjects: ["order:created", "order:updated", "order:cancelled", "order:completed"],
  fields: {
    userId: { type: String, required: true },
    status: { type: String, enum: statuses, required: true },
    cancelReason: { type: String, enum: ["buyer", "expired"] satisfies CancelReason[] },
    /** The payment that it is granted to, or was paid by. */
    paymentId: { type: String },
    price: { type: Number, required: true },
    title: { type: String, required: true },
    expiresAt: { type: Date, required: true },
    /** Set if it has a payment; then it is never pruned, because the payment is shown with the title. */
    isKept: { type: Boolean },
  },
  from: ({ userId, status, cancelReason, paymentId, expiresAt, ticket: { price, title } }) => ({
    userId,
    status,
    cancelReason,
    paymentId,
    price,
    title,
    expiresAt,
    isKept: unchanged,
  }),
  methods: {
    /**
     * Why it cannot be paid. Our clock only avoids a charge that would be refunded: only orders decides what has expired.
     */
    refusal(): BadRequestError | undefined {
      if (this.status === "complete")
        return new BadRequestError("order-paid", "This order has already been paid");
      if (this.status === "cancelled") return cancellationOf(this);
      return this.expiresAt.getTime() <= clock.now() ? expired() : undefined;
    },

    /** Only the payment that the order is granted to may take the buyer's money. */
    isGrantedTo(paymentId: string): boolean {
      return this.status === "awaiting:payment" && this.paymentId === paymentId;
    },

    /** It is cancelled, or was paid by another payment. */
    isOverFor(paymentId: string): boolean {
      return this.status === "cancelled" || (this.status === "complete" && this.paymentId !== paymentId);
    },
  },
  indexes: [[{ isKept: 1, expiresAt: 1 }]],
});
export type Order = InstanceType<typeof Order>;

/** Cancelled orders whose `expiresAt` was before then are pruned. */
const prunedBefore = () => clock.now() - hours(24 * config.ORDER_REPLICA_DAYS);

/**
 * The version of a pruned replica is gone, so an old state can no longer be recognized. Ended states are harmless: the
 * replica was pruned in one. A live state of an order that may be pruned is ignored: it could no longer be paid, but
 * would never be pruned. It is ignored from an hour before anything is pruned, to allow for clock skew.
 */
export async function applyOrder(order: EventData<"order:created">): Promise<void> {
  if (!hasEnded(order) && Date.parse(order.expiresAt) < prunedBefore() + hours(1)) return;
  await Order.apply(order);
}

const hasEnded = ({ status }: { status: OrderStatus }): boolean =>
  status === "complete" || status === "cancelled";

/** An order that has ended, from its event, because that is final. @returns undefined if it may have changed since */
export const endedOrder = (order: EventData<"order:created">): Order | undefined => {
  const { id: _id, status, cancelReason, paymentId } = order;
  return hasEnded(order) ? Order.hydrate({ _id, status, cancelReason, paymentId }) : undefined;
};

/** What a list of payments shows of a stored order. */
export const summaryOf = ({
  _id,
  title,
  price,
  status,
}: Pick<Order, "_id" | "title" | "price" | "status">) => ({
  id: String(_id),
  title,
  price,
  status,
});

const maxPruned = 1000;

/**
 * Removes replicas of orders that were cancelled long ago and never paid, which can no longer be paid. A complete order
 * has a payment.
 */
export async function pruneOrders(): Promise<void> {
  const old = {
    isKept: trusted({ $exists: false }),
    status: "cancelled",
    expiresAt: trusted({ $lt: new Date(prunedBefore()) }),
  };
  const orders = await Order.find(old, { _id: 1 }).sort({ expiresAt: 1 }).limit(maxPruned);
  if (orders.length === 0) return;
  const ids = orders.map(({ id }) => id);
  const paid = await database.model("Payment").distinct("orderId", { orderId: trusted({ $in: ids }) });
  if (paid.length > 0) await Order.updateMany({ _id: trusted({ $in: paid }) }, { isKept: true });
  await Order.deleteMany({ ...old, _id: trusted({ $in: ids }) });
}

/** @throws NotFoundError, or ForbiddenError when it belongs to another user */
export async function findOwnOrder(userId: string, id: string): Promise<Order> {
  const order = await Order.findById(id);
  if (!order) throw new NotFoundError("order");
  if (order.userId !== userId) throw new ForbiddenError();
  return order;
}
