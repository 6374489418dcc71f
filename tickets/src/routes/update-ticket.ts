import { ConflictError, currentUser, requireAuth, validateRequest } from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { findOwnTicket } from "../models/ticket";
import { detailsOf, validateTicket } from "./validate-ticket";

/** With the version that the seller was shown, an edit of any other is refused: it would undo what came since. */
const validateVersion = [
  body("version").optional().custom(Number.isSafeInteger).withMessage("The version must be a whole number"),
  validateRequest,
];

export const updateTicket: RequestHandler[] = [
  requireAuth,
  ...validateTicket,
  ...validateVersion,
  async (req, res) => {
    const { version }: { version?: number } = req.body;
    const ticket = await findOwnTicket(currentUser(req).id, req.params.ticketId);
    ticket.edit(detailsOf(req));
    if (version !== undefined && version !== ticket.version) throw new ConflictError();
    await ticket.save();
    res.json(ticket);
  },
];
