import { UnavailableError, currentUser, isDuplicateKey, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { checkListingLimits, findFreePlace } from "../listing-limits";
import { type Ticket, type TicketDetails, putOnSale } from "../models/ticket";
import { detailsOf, validateTicket } from "./validate-ticket";

const maxAttempts = 10;

export const createTicket: RequestHandler[] = [
  requireAuth,
  ...validateTicket,
  async (req, res) => {
    const userId = currentUser(req).id;
    await checkListingLimits(userId);
    res.status(201).json(await listTicket(detailsOf(req), userId));
  },
];

async function listTicket(details: TicketDetails, userId: string): Promise<Ticket> {
  let place: number | undefined;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const ticket = putOnSale(details, userId, place);
    try {
      await ticket.save();
      return ticket;
    } catch (error) {
      if (!isDuplicateKey(error, "place")) throw error;
      place = await findFreePlace(userId, ticket.id);
    }
  }
  throw new UnavailableError("You are listing too many tickets at the same time: try again");
}
