import { InvalidInputError, type SortOrder, currentUser, newestFirst, readPage } from "@eventhive/common";
import type { RequestHandler } from "express";
import { trusted } from "mongoose";
import { countUnpaidReservations } from "../models/order";
import { Ticket } from "../models/ticket";
import { queryTermsOf } from "../words";

const sortOrders: SortOrder[] = [
  newestFirst,
  { name: "price", field: "price", direction: 1 },
  { name: "-price", field: "price", direction: -1 },
];

export const listTickets: RequestHandler = async (req, res) => {
  const isMine = req.query.mine === "true";
  const whose = isMine ? { userId: currentUser(req).id } : { available: true };
  const terms = readTerms(req.query.q);
  const found = terms ? { beginnings: trusted({ $all: terms }) } : {};

  const list = [isMine ? "mine" : "on sale", ...(terms ?? [])].join(" ");
  const page = readPage(req, res, { sort: readSort(req.query.sort), list });
  if (terms?.length === 0) return page.send([]);
  const tickets = await Ticket.find({ ...whose, ...found, ...page.filter })
    .select({ outbox: 0 })
    .sort(page.sort)
    .limit(page.limit)
    .lean();
  const shown = tickets.map(Ticket.toResponse);
  page.send(isMine ? await withUnpaid(shown) : shown);
};

/** The fields of a ticket that only its seller sees. */
async function withUnpaid<T extends { id: string }>(tickets: T[]) {
  const counts = await countUnpaidReservations(tickets.map(({ id }) => id));
  return tickets.map((ticket) => ({ ...ticket, unpaidReservations: counts.get(ticket.id) ?? 0 }));
}

/** Undefined without a query; an empty list for a query without words, which finds nothing. */
export function readTerms(q: unknown = ""): string[] | undefined {
  if (typeof q !== "string") throw invalid("q", "q must be given once");
  return q.trim() === "" ? undefined : queryTermsOf(q);
}

function readSort(sort: unknown = newestFirst.name): SortOrder {
  const known = sortOrders.find(({ name }) => name === sort);
  if (!known) throw invalid("sort", `sort must be one of ${sortOrders.map(({ name }) => name).join(", ")}`);
  return known;
}

const invalid = (field: string, message: string) => new InvalidInputError([{ message, field }]);
