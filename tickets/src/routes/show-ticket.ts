import { NotFoundError, endpoint, isId } from "@eventhive/common";
import { Ticket } from "../models/ticket";
import { ticketResource } from "./ticket-body";

export const showTicket = endpoint(
  {
    id: "showTicket",
    summary: "A ticket",
    responses: { 200: { description: "The ticket", body: ticketResource } },
    errors: { 404: ["not-found"] },
  },
  async (req, res) => {
    const { ticketId } = req.params;
    const ticket = isId(ticketId) ? await Ticket.findById(ticketId).select({ outbox: 0 }).lean() : null;
    if (!ticket) throw new NotFoundError("ticket");
    res.json(Ticket.toResponse(ticket));
  },
);
