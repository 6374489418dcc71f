import { type EventData, type Subject, applyReplica, replicaFields } from "@eventhive/common";
import { Schema } from "mongoose";
import { database } from "../database";

/** Replica of the tickets service's ticket: what a buyer is shown and what an order is made from. */
const ticketSchema = new Schema(
  {
    ...replicaFields,
    title: { type: String, required: true },
    price: { type: Number, required: true },
    userId: { type: String, required: true },
    withdrawn: { type: Boolean, required: true },
  },
  {
    versionKey: false,
    statics: {
      subjects: ["ticket:created", "ticket:updated"] satisfies Subject[],

      storedState({ title, price, userId, withdrawn }: EventData<"ticket:updated">) {
        return { title, price, userId, withdrawn };
      },
    },
  },
);

export const Ticket = database.model("Ticket", ticketSchema);
export type Ticket = InstanceType<typeof Ticket>;

export const applyTicket = (ticket: EventData<"ticket:updated">) =>
  applyReplica(Ticket, { id: ticket.id, version: ticket.version, ...Ticket.storedState(ticket) });
