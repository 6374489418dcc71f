import { newId } from "@eventhive/common/testing";
import { Ticket, applyTicket } from "./models/ticket";

/** A ticket that orders has heard of. */
export async function ticketOnSale(
  difference: Partial<Parameters<typeof applyTicket>[0]> = {},
): Promise<Ticket> {
  const id = newId();
  await applyTicket({
    id,
    version: 0,
    title: "Chamber music",
    price: 20,
    userId: newId(),
    status: "available",
    withdrawn: false,
    ...difference,
  });
  return Ticket.findById(id).orFail();
}
