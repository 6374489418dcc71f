import { ConflictError, currentUser, endpoint } from "@eventhive/common";
import { z } from "zod";
import { countEdit } from "../change-limits";
import { findOwnTicket } from "../models/ticket";
import { isTitle, ticketBody, ticketResource } from "./ticket-body";

export const updateTicket = endpoint(
  {
    id: "updateTicket",
    summary: "Change the title and the price of a ticket",
    needsSession: true,
    body: ticketBody.extend({
      /** The version that the seller saw. If it is outdated, the edit is rejected, because it would undo later changes. */
      version: z
        .int({ error: "The version must be a whole number" })
        .optional()
        .meta({ examples: [3] }),
    }),
    responses: { 200: { description: "The ticket", body: ticketResource } },
    errors: {
      400: ["ticket-reserved", "ticket-withdrawn"],
      403: ["not-yours"],
      404: ["not-found"],
      409: ["changed"],
      429: ["too-many-edits", "too-many-from-network"],
    },
  },
  isTitle(),
  async (req, res) => {
    const { version, ...details } = req.body;
    const userId = currentUser(req).id;
    const ticket = await findOwnTicket(userId, req.params.ticketId);
    const isChanged = ticket.edit(details);
    if (version !== undefined && version !== ticket.version) throw new ConflictError();
    if (isChanged) {
      await countEdit(userId, req.ip ?? "");
      await ticket.save();
    }
    res.json(ticket);
  },
);
