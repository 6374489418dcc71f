import type { RequestHandler } from "express";
import { findTicket } from "../models/ticket";

export const showTicket: RequestHandler = async (req, res) => {
  res.json(await findTicket(req.params.ticketId));
};
