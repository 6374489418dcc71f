import { currentUser, endpoint } from "@eventhive/common";
import { findOwnTicket } from "../models/ticket";

export const withdrawTicket = endpoint(
  {
    id: "withdrawTicket",
    summary: "Withdraw a ticket from sale",
    needsSession: true,
    responses: { 204: { description: "The ticket is withdrawn" } },
    errors: { 400: ["ticket-reserved"], 403: ["not-yours"], 404: ["not-found"], 409: ["changed"] },
  },
  async (req, res) => {
    const ticket = await findOwnTicket(currentUser(req).id, req.params.ticketId);
    if (ticket.withdraw()) await ticket.save();
    res.sendStatus(204);
  },
);
