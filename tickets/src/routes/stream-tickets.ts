import {
  type EventData,
  clock,
  endpoint,
  idsField,
  newestFirst,
  seconds,
  streamStates,
  watcher,
} from "@eventhive/common";
import { trusted } from "mongoose";
import { z } from "zod";
import { Ticket } from "../models/ticket";
import { isFoundBy } from "../words";
import { readTerms, searchText } from "./list-tickets";
import { ticketState } from "./ticket-body";

const maxTickets = 100; // of a page of the list

/** Longer than it takes a page from its query to its stream. */
const openingMs = seconds(10);

export const ticketChanges = watcher("ticket:created", "ticket:updated");

const idsRule = `ids must be 1 to ${maxTickets} ticket IDs, separated by commas`;

/**
 * The tickets that `?ids=` names, with commas between them, and with `added=true` all that are put on sale from then on
 * and found by `q`. Without ids, those that are first in the list now, and all that are put on sale.
 */
export const streamTickets = endpoint(
  {
    id: "streamTickets",
    summary: "Stream changes to tickets",
    query: z.object({
      ids: idsField(maxTickets, idsRule).optional().describe("IDs of tickets, separated by commas"),
      added: z
        .enum(["true", "false"])
        .optional()
        .describe("`true` to include tickets that are put on sale later"),
      q: searchText,
    }),
    responses: {
      200: {
        description: "The newest states",
        body: z.array(ticketState),
        stream: { event: "ticket", data: ticketState },
      },
    },
    errors: { 401: ["not-signed-in"], 429: ["too-many-streams"], 503: ["too-many-streams"] },
  },
  async (req, res) => {
    const ids = req.query.ids?.split(",");
    const terms = readTerms(req.query.q);
    const isList = (!ids || req.query.added === "true") && terms?.length !== 0;
    const since = ids ? new Date(clock.now() - openingMs) : new Date(0);
    const find = async () => {
      const named = ids
        ? await Ticket.find({ _id: trusted({ $in: ids }) })
            .select({ outbox: 0 })
            .lean()
        : [];
      const listed = isList ? await findNewest(terms, since) : [];
      return [...named, ...listed].map(Ticket.toState);
    };
    const isAdded = ({ version, title }: EventData<"ticket:updated">) =>
      isList && version === 0 && (!terms || isFoundBy(title, terms));
    const live = { name: "ticket", watcher: ticketChanges, find, isAdded };
    await streamStates(req, res, live, JSON.stringify([ids, isList && (terms ?? "all")]));
  },
);

function findNewest(terms: string[] | undefined, since: Date) {
  const { field, direction } = newestFirst;
  const found = terms ? { beginnings: trusted({ $all: terms }) } : {};
  return Ticket.find({ available: true, createdAt: trusted({ $gte: since }), ...found })
    .select({ outbox: 0 })
    .sort({ [field]: direction, _id: direction })
    .limit(maxTickets)
    .lean();
}
