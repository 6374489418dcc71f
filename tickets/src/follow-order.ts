import { type EventData, failpoint, retryOnConflict } from "@eventhive/common";
import { applyOrder, findLiveOrders } from "./models/order";
import { Ticket } from "./models/ticket";

/** The reservation of a ticket is derived from all orders known by then, whichever event came last. */
export async function followOrder(order: EventData<"order:created">): Promise<void> {
  await applyOrder(order);
  await deriveReservation(order.ticket.id);
}

/**
 * The ticket is read before its orders, so that the save fails if another process has acted on newer orders than ours.
 * In the opposite order, old orders would release a ticket that was reserved in between.
 */
const deriveReservation = (ticketId: string): Promise<void> =>
  retryOnConflict(async () => {
    const ticket = await Ticket.findById(ticketId).orFail();
    await failpoint("tickets.derive.loaded");
    while (await followOrders(ticket)) await ticket.save();
  });

/**
 * Called again after each save: the cancellation of an order between our read and our save found a ticket that was still
 * available, changed nothing, and would be overwritten permanently.
 * @returns whether anything changed
 */
async function followOrders(ticket: Ticket): Promise<boolean> {
  const orders = await findLiveOrders(ticket.id);
  await failpoint("tickets.derive.read");
  return ticket.follow(orders);
}
