import { currentUser, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { checkListingLimits, putOnSale } from "../models/ticket";
import { detailsOf, validateTicket } from "./validate-ticket";

export const createTicket: RequestHandler[] = [
  requireAuth,
  ...validateTicket,
  async (req, res) => {
    const userId = currentUser(req).id;
    await checkListingLimits(userId);
    const ticket = putOnSale(detailsOf(req), userId);
    await ticket.save();
    res.status(201).json(ticket);
  },
];
