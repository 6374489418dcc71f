import { listeners } from "@eventhive/common";
import { Ticket } from "../models/ticket";

export const [ticketCreated, ticketUpdated] = listeners(["ticket:created", "ticket:updated"], Ticket.apply);
