import {
  type SortOrder,
  currentUser,
  endpoint,
  newestFirst,
  pageQuery,
  readPage,
  sharedReads,
} from "@eventhive/common";
import { trusted } from "mongoose";
import { z } from "zod";
import { countUnpaidReservations } from "../models/order";
import { Ticket } from "../models/ticket";
import { queryTermsOf } from "../words";
import { listedTicket } from "./ticket-body";

const sortOrders: SortOrder[] = [
  newestFirst,
  { name: "price", field: "price", direction: 1 },
  { name: "-price", field: "price", direction: -1 },
];

/** In Unicode code points, as in titles. */
const maxSearchLength = 200;

/** The search query. */
export const searchText = z
  .string({ error: "q may be given only once" })
  .refine((q) => Array.from(q).length <= maxSearchLength, `q must have at most ${maxSearchLength} characters`)
  .optional()
  .meta({
    description: "Words of the title; the last one may be incomplete",
    maxLength: maxSearchLength,
    examples: ["kite fest"],
  });

const sortNames = sortOrders.map(({ name }) => name);

export const listTickets = endpoint(
  {
    id: "listTickets",
    summary: "Tickets on sale, or a seller's own",
    query: pageQuery.extend({
      q: searchText,
      sort: z
        .enum(sortNames, { error: `sort must be one of ${sortNames.join(", ")}` })
        .default(newestFirst.name),
      mine: z
        .enum(["true", "false"])
        .optional()
        .describe("`true` for the caller's own tickets, in any state"),
    }),
    responses: {
      200: {
        description: "A page of tickets",
        body: z.array(listedTicket),
        headers: ["Link"],
      },
    },
    errors: { 401: ["not-signed-in"], 403: ["banned"] },
  },
  async (req, res) => {
    const isMine = req.query.mine === "true";
    const whose = isMine ? { userId: currentUser(req).id } : { available: true };
    const terms = readTerms(req.query.q);
    const found = terms ? { beginnings: trusted({ $all: terms }) } : {};

    const list = [isMine ? "mine" : "on sale", ...(terms ?? [])].join(" ");
    const sort = sortOrders.find(({ name }) => name === req.query.sort);
    const page = readPage(req, res, { sort, list });
    if (terms?.length === 0) return page.send([]);
    const filter = { ...whose, ...found, ...page.filter };
    const query: Query = [filter, page.sort, page.limit];
    const tickets = await readShared(JSON.stringify(query), () => read(...query));
    page.send(isMine ? await withUnpaid(tickets) : tickets);
  },
);

/** Many visitors look at the first page at the same moment. */
const readShared = sharedReads<Awaited<ReturnType<typeof read>>>();

type Query = [filter: Record<string, unknown>, sort: Record<string, 1 | -1>, limit: number];

async function read(...[filter, sort, limit]: Query) {
  const tickets = await Ticket.find(filter).select({ outbox: 0 }).sort(sort).limit(limit).lean();
  return tickets.map(Ticket.toResponse);
}

/** The fields of a ticket that only its seller sees. */
async function withUnpaid<T extends { id: string }>(tickets: T[]) {
  const counts = await countUnpaidReservations(tickets.map(({ id }) => id));
  return tickets.map((ticket) => ({ ...ticket, unpaidReservations: counts.get(ticket.id) ?? 0 }));
}

/** Undefined without a query; an empty list for a query without words, which finds nothing. */
export const readTerms = (q = ""): string[] | undefined => (q.trim() === "" ? undefined : queryTermsOf(q));
