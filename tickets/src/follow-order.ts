import { type EventData, failpoint, retryOnConflict } from "@eventhive/common";
import { applyOrder, findLiveOrders } from "./models/order";
import { Ticket } from "./models/ticket";

/** The reservation of a ticket is derived from all orders known by then, whichever event came last. */
export async function followOrder(order: EventData<"order:created">): Promise<void> {
  await applyOrder(order);
  await deriveReservation(order.ticket.id);
}

/**
 * Repeats until nothing changes: an order that was cancelled between our read and our save found a ticket that was
 * still free, changed nothing, and would be overwritten for good.
 */
async function deriveReservation(ticketId: string): Promise<void> {
  let isChanged: boolean;
  do {
    isChanged = await retryOnConflict(() => reserveByOrders(ticketId));
  } while (isChanged);
}

/**
 * The ticket is read before its orders, so that the save fails if another process has acted on newer orders than ours.
 * The other way round, old orders would free a ticket that was reserved in between.
 * @returns whether anything changed
 */
async function reserveByOrders(ticketId: string): Promise<boolean> {
  const ticket = await Ticket.findById(ticketId).orFail();
  await failpoint("tickets.derive.loaded");
  const orders = await findLiveOrders(ticketId);
  await failpoint("tickets.derive.read");
  if (!ticket.follow(orders)) return false;
  await ticket.save();
  return true;
}
