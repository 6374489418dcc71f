import { forEachDocument } from "@eventhive/common";
import { trusted } from "mongoose";
import { Ticket, onSale } from "./models/ticket";

/**
 * Withdraws the tickets of sellers who were banned or have deleted their accounts. A reserved one that becomes available
 * later is found by the next call.
 */
export async function withdrawTicketsOf(userIds: string[], signal?: AbortSignal): Promise<void> {
  const tickets = Ticket.find({ userId: trusted({ $in: userIds }), ...onSale, available: true }).cursor();
  await forEachDocument(
    tickets,
    async (ticket) => {
      if (ticket.withdraw()) await ticket.save();
    },
    signal,
  );
}
