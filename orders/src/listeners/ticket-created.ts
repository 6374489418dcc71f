import { listener } from "@eventhive/common";
import { applyTicket } from "../models/ticket";

export const ticketCreated = listener("ticket:created", applyTicket);
