import { currentUser, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { type TicketDetails, checkListingLimits, putOnSale } from "../models/ticket";
import { validateTicket } from "./validate-ticket";

export const createTicket: RequestHandler[] = [
  requireAuth,
  ...validateTicket,
  async (req, res) => {
    const { title, price }: TicketDetails = req.body;
    const userId = currentUser(req).id;
    await checkListingLimits(userId);
    const ticket = putOnSale({ title, price }, userId);
    await ticket.save();
    res.status(201).json(ticket);
  },
];
