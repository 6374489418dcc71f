import {
  BadRequestError,
  ForbiddenError,
  NotFoundError,
  type TicketStatus,
  clock,
  defineAggregate,
  hours,
  isId,
} from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "../config";
import { database } from "../database";
import { searchTermsOf } from "../words";
import type { Order } from "./order";

/** The seller's details of a ticket. */
export interface TicketDetails {
  title: string;
  price: number;
}

const onSale = { partialFilterExpression: { available: true } };

export const Ticket = defineAggregate(database, "Ticket", {
  subjects: ["ticket:created", "ticket:updated"],
  published: {
    title: { type: String, required: true },
    price: { type: Number, required: true },
    userId: { type: String, required: true },
    withdrawn: { type: Boolean, required: true, default: false },
    /** The order that reserves it, or bought it. */
    orderId: { type: String },
  },
  computed: {
    status({ sold, orderId, withdrawn }): TicketStatus {
      if (sold) return "sold";
      if (orderId) return "reserved";
      return withdrawn ? "withdrawn" : "available";
    },
  },
  unpublished: {
    sold: { type: Boolean, required: true, default: false },
    /** Whether the status is "available", and the search terms of the title: stored for the lists' indexes only. */
    available: { type: Boolean, required: true, default: true },
    beginnings: { type: [String], select: false },
  },
  restore: ({ status, title }) => ({
    sold: status === "sold",
    available: status === "available",
    beginnings: searchTermsOf(title),
  }),
  currentSubject: ({ version }) => (version === 0 ? "ticket:created" : "ticket:updated"),
  beforeSave(ticket) {
    ticket.available = ticket.status === "available";
    if (ticket.isModified("title")) ticket.beginnings = searchTermsOf(ticket.title);
  },
  methods: {
    /** @returns whether anything changed */
    edit(details: TicketDetails): boolean {
      if (this.orderId) throw reserved();
      if (this.withdrawn) throw new BadRequestError("ticket-withdrawn", "This ticket is no longer for sale");
      Object.assign(this, details); // unlike set(), also removes what is undefined
      if (!this.isModified()) return false;
      this.record("ticket:updated");
      return true;
    },

    /** @returns whether anything changed */
    withdraw(): boolean {
      if (this.withdrawn) return false;
      if (this.orderId) throw reserved();
      this.withdrawn = true;
      this.record("ticket:updated");
      return true;
    },

    /**
     * Is sold to the order that is complete, else reserved by the one that ends last, else free. There can be two
     * while the cancellation of the first is still on its way. What is sold stays so: a complete order never changes,
     * and its replica is pruned in the end.
     * @returns whether anything changed
     */
    follow(liveOrders: Order[]): boolean {
      if (this.sold) return false;
      const complete = liveOrders.find(({ status }) => status === "complete");
      const [latest] = liveOrders.toSorted((one, other) => Number(other.expiresAt) - Number(one.expiresAt));
      const orderId = (complete ?? latest)?.id;
      const sold = complete !== undefined;
      if ((this.orderId ?? undefined) === orderId && this.sold === sold) return false;
      this.orderId = orderId;
      this.sold = sold;
      this.record("ticket:updated");
      return true;
    },
  },
  indexes: [
    [{ available: 1, createdAt: -1, _id: -1 }],
    [{ available: 1, price: 1, _id: 1 }],
    [{ userId: 1, createdAt: -1, _id: -1 }],
    [{ userId: 1, price: 1, _id: 1 }],
    [{ userId: 1 }, { partialFilterExpression: { sold: false, withdrawn: false } }],
    // A search is for tickets on sale, except in one's own list, which is short: what is sold need not be kept here.
    [{ beginnings: 1, createdAt: -1, _id: -1 }, onSale],
    [{ beginnings: 1, price: 1, _id: 1 }, onSale],
  ],
});
export type Ticket = InstanceType<typeof Ticket>;

/** A ticket that is not saved yet. */
export function putOnSale(details: TicketDetails, userId: string): Ticket {
  const ticket = new Ticket({ ...details, userId });
  ticket.record("ticket:created");
  return ticket;
}

/**
 * A courtesy to other sellers, not an invariant: parallel requests may pass it together.
 * @throws BadRequestError when the seller has too many tickets on sale, or listed too many in a day
 */
export async function checkListingLimits(userId: string): Promise<void> {
  const { MAX_LISTINGS, MAX_LISTINGS_PER_DAY } = config;
  const onSale = { userId, sold: false, withdrawn: false };
  if ((await Ticket.countDocuments(onSale, { limit: MAX_LISTINGS })) >= MAX_LISTINGS)
    throw tooMany(`You have ${MAX_LISTINGS} tickets on sale, the most there can be: withdraw one first`);
  const ofToday = { userId, createdAt: trusted({ $gt: new Date(clock.now() - hours(24)) }) };
  if ((await Ticket.countDocuments(ofToday, { limit: MAX_LISTINGS_PER_DAY })) >= MAX_LISTINGS_PER_DAY)
    throw tooMany(
      `You have listed ${MAX_LISTINGS_PER_DAY} tickets in 24 hours, the most there can be: wait a while`,
    );
}

const tooMany = (message: string) => new BadRequestError("too-many-listings", message);

/** @throws NotFoundError */
export async function findTicket(id: unknown): Promise<Ticket> {
  const ticket = isId(id) ? await Ticket.findById(id) : null;
  if (!ticket) throw new NotFoundError("ticket");
  return ticket;
}

/** @throws NotFoundError, or ForbiddenError when it belongs to another user */
export async function findOwnTicket(userId: string, id: unknown): Promise<Ticket> {
  const ticket = await findTicket(id);
  if (ticket.userId !== userId) throw new ForbiddenError();
  return ticket;
}

const reserved = () => new BadRequestError("ticket-reserved", "Someone has reserved or bought this ticket");
