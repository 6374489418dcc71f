import {
  type AnyPaymentState,
  BadRequestError,
  type CancelReason,
  ForbiddenError,
  NotFoundError,
  type OrderStatus,
  clock,
  defineAggregate,
  isId,
  seconds,
  unchanged,
} from "@eventhive/common";
import { Schema, trusted } from "mongoose";
import { config } from "../config";
import { database } from "../database";
import { countOutcome } from "../metrics";
import type { TicketForSale } from "./ticket";

const statuses = ["created", "awaiting:payment", "complete", "cancelled"] satisfies OrderStatus[];
export const live = ["created", "awaiting:payment"] satisfies OrderStatus[];
export const ended = ["complete", "cancelled"] satisfies OrderStatus[];

/** What an order uses of a payment for it. */
export interface PaymentSummary {
  id: string;
  state: AnyPaymentState;
}

const isCharged = ({ state }: PaymentSummary): boolean => state === "charged" || state === "settled";

const withNetwork = { partialFilterExpression: { network: { $exists: true } } };
const withSite = { partialFilterExpression: { site: { $exists: true } } };

export const Order = defineAggregate(database, "Order", {
  subjects: ["order:created", "order:updated", "order:cancelled", "order:completed"],
  published: {
    userId: { type: String, required: true },
    status: { type: String, enum: statuses, required: true },
    cancelReason: { type: String, enum: ["buyer", "expired"] satisfies CancelReason[] },
    /** Whether it was cancelled because its buyer was banned; it has no reason then. */
    buyerBanned: { type: Boolean },
    /** The payment that it is granted to, or was paid by. */
    paymentId: { type: String },
    expiresAt: { type: Date, required: true },
    /** The ticket as it was when ordered; later edits never change it. */
    ticket: {
      type: new Schema(
        {
          id: { type: String, required: true },
          title: { type: String, required: true },
          price: { type: Number, required: true },
          version: { type: Number, required: true },
        },
        { _id: false, id: false },
      ),
      required: true,
    },
  },
  unpublished: {
    /** The seller of the ticket. Missing after a rebuild, and in older orders, until `nameSellers` has set it. */
    sellerId: { type: String },
    /**
     * The ticket, which no other order can take: set while the order is live or complete, removed once it is cancelled.
     */
    reserves: { type: String },
    /** The buyer's network, as a pseudonym; private, and removed an hour after `expiresAt`. */
    network: { type: String },
    /** The same for the IPv6 /48 of the network. Missing for IPv4. */
    site: { type: String },
    /**
     * One of the network's places for live reservations, `NETWORK/NUMBER`: removed once the order is complete or
     * cancelled.
     */
    place: { type: String },
    /** The same, of the site. */
    placeInSite: { type: String },
  },
  restore: ({ status, ticket }) => ({
    sellerId: unchanged,
    reserves: status === "cancelled" ? undefined : ticket.id,
    network: unchanged,
    site: unchanged,
    place: undefined,
    placeInSite: undefined,
  }),
  currentSubject({ status, version }) {
    if (status === "cancelled") return "order:cancelled";
    if (status === "complete") return "order:completed";
    return version === 0 ? "order:created" : "order:updated";
  },
  transition: {
    field: "status",
    count: ({ status, cancelReason, buyerBanned, version }) => {
      const isGrantOrRelease = version > 0 && (status === "awaiting:payment" || status === "created");
      if (!isGrantOrRelease) countOutcome(status, buyerBanned ? "ban" : cancelReason);
    },
  },
  methods: {
    isLive(): boolean {
      return live.some((status) => status === this.status);
    },

    isOverdue(): boolean {
      return this.isLive() && this.expiresAt.getTime() <= clock.now();
    },

    /**
     * While it is granted to a payment, the money may be captured at any moment, so it cannot be cancelled.
     * @returns whether anything changed; a cancelled order stays as it is
     */
    cancel(reason: CancelReason): boolean {
      if (this.status === "complete")
        throw new BadRequestError("order-complete", "A paid order cannot be cancelled");
      if (this.status === "awaiting:payment")
        throw new BadRequestError("payment-in-progress", "A payment for this order is in progress");
      if (this.status === "cancelled") return false;
      return this.end(reason);
    },

    /** @returns whether anything changed */
    expire(): boolean {
      return this.status === "created" && this.isOverdue() && this.cancel("expired");
    },

    /** @returns whether anything changed; an order that is granted to a payment runs to its end */
    cancelForBan(): boolean {
      if (this.status !== "created") return false;
      this.buyerBanned = true;
      return this.end();
    },

    end(reason?: CancelReason): boolean {
      this.status = "cancelled";
      this.paymentId = undefined;
      this.cancelReason = reason;
      this.reserves = undefined; // frees the ticket in the same write
      this.freePlaces();
      this.record("order:cancelled");
      return true;
    },

    /**
     * Follows its payments: grants the order to an authorized one, which may then capture, completes it once that is
     * charged, and releases it once that has failed. A payment with a charge completes it without a grant.
     * @returns whether anything changed
     */
    follow(payments: PaymentSummary[]): boolean {
      if (this.status === "awaiting:payment") {
        const granted = payments.find(({ id }) => id === this.paymentId);
        if (!granted) return false;
        return isCharged(granted) ? this.complete(granted.id) : granted.state === "failed" && this.release();
      }
      if (this.status !== "created") return false;
      const charged = payments.find(isCharged);
      if (charged) return this.complete(charged.id);
      const authorized = payments.find(({ state }) => state === "authorized");
      return authorized !== undefined && !this.isOverdue() && this.grant(authorized.id);
    },

    grant(paymentId: string): boolean {
      this.status = "awaiting:payment";
      this.paymentId = paymentId;
      this.record("order:updated");
      return true;
    },

    /** The buyer may pay with another card, if there is time. */
    release(): boolean {
      if (this.isOverdue()) return this.end("expired");
      this.status = "created";
      this.paymentId = undefined;
      this.record("order:updated");
      return true;
    },

    /** @returns whether anything changed; a cancelled order stays cancelled, and payments refunds the charge */
    complete(paymentId?: string): boolean {
      if (!this.isLive()) return false;
      this.status = "complete";
      this.paymentId = paymentId;
      this.freePlaces();
      this.record("order:completed");
      return true;
    },

    freePlaces(): void {
      this.place = undefined;
      this.placeInSite = undefined;
    },
  },
  indexes: [
    // One live or complete order for each ticket. An index, not a check: it holds in every race.
    [{ reserves: 1 }, { unique: true, partialFilterExpression: { reserves: { $exists: true } } }],
    // Two live orders never have the same place, so a network or site cannot hold more tickets than it has places.
    [{ place: 1 }, { unique: true, partialFilterExpression: { place: { $exists: true } } }],
    [{ placeInSite: 1 }, { unique: true, partialFilterExpression: { placeInSite: { $exists: true } } }],
    [{ userId: 1, createdAt: -1, _id: -1 }],
    [{ sellerId: 1, createdAt: -1, _id: -1 }, { partialFilterExpression: { status: "complete" } }],
    // Counts a buyer's live orders, and those that ended unpaid, however many there were before.
    [{ userId: 1, status: 1, expiresAt: 1 }],
    [{ status: 1, expiresAt: 1 }],
    [{ network: 1, status: 1, expiresAt: 1 }, withNetwork],
    [{ site: 1, status: 1, expiresAt: 1 }, withSite],
    [{ expiresAt: 1 }, withNetwork],
  ],
});
export type Order = InstanceType<typeof Order>;

/** Who reserves, and the pseudonyms of the network and the site that the request came from. */
export interface Buyer {
  userId: string;
  network: string;
  /** None for IPv4. */
  site?: string | undefined;
}

/** The fields of the places that a reservation takes. */
export type PlaceField = "place" | "placeInSite";

/**
 * A reservation that is not saved yet. Saving it fails with a duplicate key on `reserves` when the ticket is taken, on
 * `place` or `placeInSite` when that place is.
 * @param places the numbers of places of the buyer's network and site; any by default
 */
export function reserve(
  ticket: TicketForSale,
  { userId, network, site }: Buyer,
  places: Partial<Record<PlaceField, number>> = {},
): Order {
  const order = new Order({
    userId,
    sellerId: ticket.userId,
    network,
    site,
    status: "created",
    expiresAt: new Date(clock.now() + seconds(config.EXPIRATION_SECONDS)),
    ticket: { id: ticket.id, title: ticket.title, price: ticket.price, version: ticket.version },
    reserves: ticket.id,
  });
  order.place = `${network}/${places.place ?? drawNumber(order.id, config.MAX_RESERVATIONS_PER_NETWORK)}`;
  if (site)
    order.placeInSite = `${site}/${places.placeInSite ?? drawNumber(order.id, config.MAX_RESERVATIONS_PER_SITE)}`;
  order.record("order:created");
  return order;
}

/** A number below `limit` from a new id, so that parallel orders rarely get the same one. */
export const drawNumber = (id: string, limit: number): number => Number.parseInt(id.slice(-12), 16) % limit;

/** The live or complete order that a ticket is kept for. */
export const findHolder = (ticketId: string): Promise<Order | null> =>
  Order.findOne({ reserves: ticketId }).exec();

export const findOwnOrder = async (userId: string, id: unknown): Promise<Order> =>
  ownedBy(userId, isId(id) ? await Order.findById(id) : null);

/** @throws NotFoundError without an order, ForbiddenError for one of another user */
export function ownedBy<Owned extends { userId: string }>(userId: string, order: Owned | null): Owned {
  if (!order) throw new NotFoundError("order");
  if (order.userId !== userId) throw new ForbiddenError();
  return order;
}

/** Those that must be cancelled; not overdue ones that are granted to a payment, which decides about them. */
export const overdueOrders = () => ({
  status: "created" as const,
  expiresAt: trusted({ $lte: clock.date() }),
});

/** What a seller has sold; without a seller, the sales that `nameSellers` has to complete. */
export const salesOf = (sellerId: string | null) => ({ sellerId, status: "complete" as const });

export const liveOrdersOf = (userId: string) => ({ userId, status: trusted({ $in: live }) });
