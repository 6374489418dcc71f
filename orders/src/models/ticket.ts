import { defineReplica } from "@eventhive/common";
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
