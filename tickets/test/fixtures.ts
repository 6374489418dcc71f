import type { EventData } from "@eventhive/common";
import { newId } from "@eventhive/common/testing";
import { type Ticket, putOnSale } from "../src/models/ticket";

let places = 0;

/** A ticket as its seller put it on sale. */
export async function ticketOnSale({
  title = "Chamber music",
  price = 20,
  userId = newId(),
} = {}): Promise<Ticket> {
  const ticket = putOnSale({ title, price }, userId, places++); // no two have the same place
  await ticket.save();
  return ticket;
}

/** An order of a ticket as the orders service publishes it. */
export const orderEvent = (
  { id, title, price, version }: Ticket,
  difference: Partial<EventData<"order:created">> = {},
): EventData<"order:created"> => ({
  id: newId(),
  version: 0,
  status: "created",
  userId: newId(),
  expiresAt: "2030-01-01T12:00:00.000Z",
  ticket: { id, title, price, version },
  ...difference,
});
