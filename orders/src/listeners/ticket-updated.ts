import { listener } from "@eventhive/common";
import { Ticket } from "../models/ticket";

export const ticketUpdated = listener("ticket:updated", Ticket.apply);
