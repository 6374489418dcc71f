import { UnavailableError, currentUser, endpoint, isDuplicateKey } from "@eventhive/common";
import { countListing } from "../change-limits";
import { checkListingLimits, findFreePlace } from "../listing-limits";
import { type Ticket, type TicketDetails, putOnSale } from "../models/ticket";
import { isTitle, ticketBody, ticketResource } from "./ticket-body";

const maxAttempts = 10;

export const createTicket = endpoint(
  {
    id: "createTicket",
    summary: "Put a ticket on sale",
    needsSession: true,
    body: ticketBody,
    responses: { 201: { description: "The ticket", body: ticketResource } },
    errors: { 400: ["too-many-listings"], 429: ["too-many-from-network"] },
  },
  isTitle(),
  async (req, res) => {
    const userId = currentUser(req).id;
    await checkListingLimits(userId);
    await countListing(req.ip ?? "");
    res.status(201).json(await listTicket(req.body, userId));
  },
);

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
