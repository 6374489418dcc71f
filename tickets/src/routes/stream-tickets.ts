import {
  type EventData,
  InvalidInputError,
  clock,
  isId,
  newestFirst,
  seconds,
  streamStates,
  watcher,
} from "@eventhive/common";
import type { RequestHandler } from "express";
import { trusted } from "mongoose";
import { Ticket } from "../models/ticket";
import { isFoundBy } from "../words";
import { readTerms } from "./list-tickets";

const maxTickets = 100; // of a page of the list

/** Longer than a page takes from its query to its stream. */
const openingMs = seconds(10);

export const ticketChanges = watcher("ticket:created", "ticket:updated");

/**
 * The tickets that `?ids=` names, with commas between them, and with `added=true` all that are put on sale from then on
 * and found by `q`. Without ids, those that are first in the list now, and all that are put on sale.
 */
export const streamTickets: RequestHandler = async (req, res) => {
  const ids = readIds(req.query.ids);
  const terms = readTerms(req.query.q) ?? [];
  const isList = !ids || req.query.added === "true";
  const since = ids ? new Date(clock.now() - openingMs) : new Date(0);
  const look = async () => {
    const named = ids
      ? await Ticket.find({ _id: trusted({ $in: ids }) })
          .select({ outbox: 0 })
          .lean()
      : [];
    const listed = isList ? await findNewest(terms, since) : [];
    return [...named, ...listed].map(Ticket.toState);
  };
  const isAdded = ({ version, title }: EventData<"ticket:updated">) =>
    isList && version === 0 && isFoundBy(title, terms);
  const live = { name: "ticket", watcher: ticketChanges, look, isAdded };
  await streamStates(req, res, live, JSON.stringify([ids, isList && terms]));
};

function readIds(ids: unknown): string[] | undefined {
  if (ids === undefined) return undefined;
  const named = typeof ids === "string" ? ids.split(",") : [];
  if (named.length > 0 && named.length <= maxTickets && named.every(isId)) return named;
  const message = `ids must be 1 to ${maxTickets} ids of tickets, with commas between them`;
  throw new InvalidInputError([{ message, field: "ids" }]);
}

function findNewest(terms: string[], since: Date) {
  const { field, direction } = newestFirst;
  const found = terms.length > 0 ? { beginnings: trusted({ $all: terms }) } : {};
  return Ticket.find({ available: true, createdAt: trusted({ $gte: since }), ...found })
    .select({ outbox: 0 })
    .sort({ [field]: direction, _id: direction })
    .limit(maxTickets)
    .lean();
}
