import { defineReplica, joined } from "@eventhive/common";
import { trusted } from "mongoose";
import { database } from "../database";

/** Replica of the tickets service's ticket: what a buyer is shown and what an order is made from. */
export const Ticket = defineReplica(database, "Ticket", {
  subjects: ["ticket:created", "ticket:updated"],
  fields: {
    title: { type: String, required: true },
    price: { type: Number, required: true },
    userId: { type: String, required: true },
    withdrawn: { type: Boolean, required: true },
  },
  from: ({ title, price, userId, withdrawn }) => ({ title, price, userId, withdrawn }),
});
export type Ticket = InstanceType<typeof Ticket>;

/** What an order is made from. */
export type TicketForSale = Pick<Ticket, "id" | "version" | "title" | "price" | "userId" | "withdrawn">;

/** Undefined if there is no such ticket. Calls that arrive during a query share the next one. */
export const findTicket = joined(async (ids: string[]): Promise<(TicketForSale | undefined)[]> => {
  const tickets = await Ticket.find({ _id: trusted({ $in: ids }) }).lean();
  const byId = new Map(tickets.map(({ _id, ...fields }) => [String(_id), { id: String(_id), ...fields }]));
  return ids.map((id) => byId.get(id));
});
