import type { RequestHandler } from "express";
import { trusted } from "mongoose";
import { Ticket } from "../models/ticket";
import { readIds } from "./stream-tickets";

/** What the stream of the same `?ids=` begins with, once: for pages that it was refused to. */
export const showStates: RequestHandler = async (req, res) => {
  res.json(await Ticket.find({ _id: trusted({ $in: readIds(req.query.ids) }) }));
};
