import {
  BadRequestError,
  ConflictError,
  HttpError,
  UnavailableError,
  currentUser,
  endpoint,
  idField,
  isDuplicateKey,
  rateLimitKey,
  pseudonymOf,
} from "@eventhive/common";
import { z } from "zod";
import { type Buyer, type Order, type PlaceField, findHolder, reserve } from "../models/order";
import { type TicketForSale, findTicket } from "../models/ticket";
import {
  type CountedOrder,
  checkReservationLimits,
  findFreePlace,
  findOrdersFor,
} from "../reservation-limits";
import { orderResource } from "./order-body";

const maxAttempts = 10;

/** A repeated request, or one whose response was lost, gets the order that the first one made. */
export const createOrder = endpoint(
  {
    id: "createOrder",
    summary: "Reserve a ticket",
    needsSession: true,
    body: z.object({
      ticketId: idField("A ticket ID is required"),
      price: z
        .number({ error: "The price must be a number" })
        .optional()
        .meta({ description: "The price that the buyer saw", examples: [19.99] }),
    }),
    responses: { 201: { description: "The order", body: orderResource, headers: ["X-Server-Time"] } },
    errors: {
      400: ["own-ticket", "ticket-reserved", "ticket-withdrawn", "already-bought", "too-many-reservations"],
      404: ["not-found"],
      409: ["price-changed", "reservation-ending"],
      429: ["too-many-unpaid", "too-many-from-network"],
    },
  },
  async (req, res) => {
    const { ticketId, price } = req.body;
    const buyer = buyerAt(req.ip ?? "", currentUser(req).id);

    const ticket = await findTicket(ticketId);
    if (!ticket) throw unknown();
    if (ticket.userId === buyer.userId)
      throw new BadRequestError("own-ticket", "You cannot reserve your own ticket");
    const { holder, others } = await findOrdersFor(buyer.userId, ticketId);
    if (holder && holder.userId !== buyer.userId) throw reserved();
    const held = holder && (await findHeld(ticketId, buyer, price));
    const order = held ?? (await reserveFor(buyer, ticket, others, price));
    res.status(201).json(order);
  },
);

/** Only IPv6 has sites, so orders from IPv4 cost no further reads. */
function buyerAt(address: string, userId: string): Buyer {
  const [network, site] = [rateLimitKey(address), rateLimitKey(address, 48)];
  const buyer = { userId, network: pseudonymOf(network) };
  return site === network ? buyer : { ...buyer, site: pseudonymOf(site) };
}

/**
 * The buyer's own live order of the ticket; undefined when it is not reserved.
 * @throws when another buyer has the ticket, or this buyer can no longer use the order
 */
async function findHeld(ticketId: string, { userId }: Buyer, price?: number): Promise<Order | undefined> {
  const order = await findHolder(ticketId);
  if (!order) return undefined;
  if (order.userId !== userId) throw reserved();
  if (order.status === "complete")
    throw new BadRequestError("already-bought", "You have already bought this ticket");
  if (order.isOverdue())
    throw new ConflictError(
      "reservation-ending",
      "Your previous reservation of this ticket has just expired. Try again in a moment",
    );
  if (price !== undefined && price !== order.ticket.price)
    throw new ConflictError("price-changed", `You reserved this ticket for ${inDollars(order.ticket.price)}`);
  return order;
}

async function reserveFor(
  buyer: Buyer,
  ticket: TicketForSale,
  others: CountedOrder[],
  price?: number,
): Promise<Order> {
  if (ticket.withdrawn) throw new BadRequestError("ticket-withdrawn", "This ticket is no longer for sale");
  if (price !== undefined && price !== ticket.price)
    throw new ConflictError("price-changed", `The price is now ${inDollars(ticket.price)}`);
  await checkReservationLimits(buyer, others);

  const places: Partial<Record<PlaceField, number>> = {};
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const order = reserve(ticket, buyer, places);
    try {
      await order.save();
      return order;
    } catch (error) {
      if (isDuplicateKey(error, "reserves")) {
        const held = await findHeld(ticket.id, buyer, price);
        if (held) return held;
      } else if (isDuplicateKey(error, "place")) {
        places.place = await findFreePlace("place", buyer.network, order.id);
      } else if (buyer.site && isDuplicateKey(error, "placeInSite")) {
        places.placeInSite = await findFreePlace("placeInSite", buyer.site, order.id);
      } else throw error;
    }
  }
  throw new UnavailableError("Too many concurrent reservations: try again");
}

const reserved = () => new BadRequestError("ticket-reserved", "Someone else has reserved this ticket");

/** orders may not have received the ticket yet. */
const unknown = () =>
  new HttpError(404, "not-found", "There is no such ticket, or it has only just been put on sale: try again");

const inDollars = (price: number): string => `$${price.toFixed(2)}`;
