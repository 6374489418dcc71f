import { listener } from "@eventhive/common";
import { applyTicket } from "../models/ticket";

export const ticketUpdated = listener("ticket:updated", applyTicket);
