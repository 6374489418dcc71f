import { currentUser, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { type TicketDetails, findOwnTicket } from "../models/ticket";
import { validateTicket } from "./validate-ticket";

export const updateTicket: RequestHandler[] = [
  requireAuth,
  ...validateTicket,
  async (req, res) => {
    const { title, price }: TicketDetails = req.body;
    const ticket = await findOwnTicket(currentUser(req).id, req.params.ticketId);
    ticket.edit({ title, price });
    await ticket.save();
    res.json(ticket);
  },
];
