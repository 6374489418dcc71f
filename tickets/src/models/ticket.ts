import {
  BadRequestError,
  ForbiddenError,
  NotFoundError,
  type TicketStatus,
  defineAggregate,
  isId,
  unchanged,
} from "@eventhive/common";
import { config } from "../config";
import { database } from "../database";
import { searchTermsOf } from "../words";
import type { LiveOrder } from "./order";

/** The details that a seller enters. */
export interface TicketDetails {
  title: string;
  price: number;
}

/** The tickets that count for a seller's limit, including reserved ones, because they may become available again. */
export const onSale = { sold: false, withdrawn: false };
const available = { partialFilterExpression: { available: true } };

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
    /** One of the seller's numbered places. It counts while the ticket is neither sold nor withdrawn. */
    place: { type: Number },
  },
  restore: ({ status, title }) => ({
    sold: status === "sold",
    available: status === "available",
    beginnings: searchTermsOf(title),
    place: unchanged,
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
     * Sold to the order that is complete, else reserved by the one that expires last, else available. There can be two
     * while the cancellation of the first is in flight. A sold ticket stays sold: a complete order never changes, and its
     * replica is eventually pruned.
     * @returns whether anything changed
     */
    follow(liveOrders: LiveOrder[]): boolean {
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
    [{ userId: 1 }, { partialFilterExpression: onSale }],
    // Two tickets on sale never have the same place, so a seller cannot have more of them than places.
    [
      { userId: 1, place: 1 },
      { unique: true, partialFilterExpression: { ...onSale, place: { $exists: true } } },
    ],
    // Searches are for tickets on sale, except in a seller's own list, which is short: sold tickets need no index.
    [{ beginnings: 1, createdAt: -1, _id: -1 }, available],
    [{ beginnings: 1, price: 1, _id: 1 }, available],
  ],
});
export type Ticket = InstanceType<typeof Ticket>;

/**
 * A ticket that is not saved yet. Saving it fails with a duplicate key on `place` when that place is taken.
 * @param place the number of a place of the seller; any by default
 */
export function putOnSale(details: TicketDetails, userId: string, place?: number): Ticket {
  const ticket = new Ticket({ ...details, userId });
  ticket.place = place ?? drawNumber(ticket.id, config.MAX_LISTINGS);
  ticket.record("ticket:created");
  return ticket;
}

/** A number below `limit` from a new id, so that parallel requests rarely get the same one. */
export const drawNumber = (id: string, limit: number): number => Number.parseInt(id.slice(-12), 16) % limit;

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
