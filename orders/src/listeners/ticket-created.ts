import { listener } from "@eventhive/common";
import { Ticket } from "../models/ticket";

export const ticketCreated = listener("ticket:created", Ticket.apply);
