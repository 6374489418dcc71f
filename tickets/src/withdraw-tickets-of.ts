import { forEachDocument } from "@eventhive/common";
import { trusted } from "mongoose";
import { Ticket, onSale } from "./models/ticket";

/**
 * Withdraws the tickets of sellers who were banned or have deleted their accounts. A reserved one that becomes available
 * later is found by the next call.
 */
export async function withdrawTicketsOf(
  userIds: string[],
  { createdBefore, signal }: { createdBefore?: Date; signal?: AbortSignal },
): Promise<void> {
  const isMeant = createdBefore && { createdAt: trusted({ $lt: createdBefore }) };
  const available = { ...onSale, available: true };
  const tickets = Ticket.find({ userId: trusted({ $in: userIds }), ...available, ...isMeant }).cursor();
  await forEachDocument(
    tickets,
    async (ticket) => {
      if (ticket.withdraw()) await ticket.save();
    },
    signal,
  );
}
