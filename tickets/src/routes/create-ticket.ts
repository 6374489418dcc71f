import { currentUser, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { type TicketDetails, putOnSale } from "../models/ticket";
import { validateTicket } from "./validate-ticket";

export const createTicket: RequestHandler[] = [
  requireAuth,
  ...validateTicket,
  async (req, res) => {
    const { title, price }: TicketDetails = req.body;
    const ticket = putOnSale({ title, price }, currentUser(req).id);
    await ticket.save();
    res.status(201).json(ticket);
  },
];
