import { currentUser, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { findOwnTicket } from "../models/ticket";

export const withdrawTicket: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    const ticket = await findOwnTicket(currentUser(req).id, req.params.ticketId);
    if (ticket.withdraw()) await ticket.save();
    res.sendStatus(204);
  },
];
