import { endpoint } from "@eventhive/common";
import { findTicket } from "../models/ticket";
import { ticketResource } from "./ticket-body";

export const showTicket = endpoint(
  {
    id: "showTicket",
    summary: "A ticket",
    responses: { 200: { description: "The ticket", body: ticketResource } },
    errors: { 404: ["not-found"] },
  },
  async (req, res) => {
    res.json(await findTicket(req.params.ticketId));
  },
);
