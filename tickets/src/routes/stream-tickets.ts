import { InvalidInputError, isId, newestFirst, streamStates, watcher } from "@eventhive/common";
import type { RequestHandler } from "express";
import { trusted } from "mongoose";
import { Ticket } from "../models/ticket";

const maxTickets = 100; // of a page of the list

export const ticketUpdates = watcher("ticket:updated");

/** The tickets that `?ids=` names, with commas between them; without it, those that are first in the list now. */
export const streamTickets: RequestHandler = async (req, res) => {
  let ids = readIds(req.query.ids);
  const look = async () => {
    ids ??= await newestOnSale();
    return Ticket.find({ _id: trusted({ $in: ids }) });
  };
  await streamStates(req, res, { name: "ticket", watcher: ticketUpdates, look });
};

function readIds(ids: unknown): string[] | undefined {
  if (ids === undefined) return undefined;
  const named = typeof ids === "string" ? ids.split(",") : [];
  if (named.length > 0 && named.length <= maxTickets && named.every(isId)) return named;
  const message = `ids must be 1 to ${maxTickets} ids of tickets, with commas between them`;
  throw new InvalidInputError([{ message, field: "ids" }]);
}

async function newestOnSale(): Promise<string[]> {
  const { field, direction } = newestFirst;
  const sort = { [field]: direction, _id: direction };
  const tickets = await Ticket.find({ available: true }).sort(sort).limit(maxTickets);
  return tickets.map(({ id }) => id);
}
