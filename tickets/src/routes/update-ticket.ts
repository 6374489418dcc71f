import { ConflictError, currentUser, requireAuth, validateRequest } from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { countEdit } from "../models/edit-count";
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
    const userId = currentUser(req).id;
    const ticket = await findOwnTicket(userId, req.params.ticketId);
    const isChanged = ticket.edit(detailsOf(req));
    if (version !== undefined && version !== ticket.version) throw new ConflictError();
    if (isChanged) {
      await countEdit(userId);
      await ticket.save();
    }
    res.json(ticket);
  },
];
