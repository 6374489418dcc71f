import { type EventData, clock, hours, onFailpoint } from "@eventhive/common";
import { newId } from "@eventhive/common/testing";
import { Order, reserve } from "../src/models/order";
import { Ticket } from "../src/models/ticket";

/** A ticket as the tickets service publishes it. */
export const ticketEvent = (
  difference: Partial<EventData<"ticket:updated">> = {},
): EventData<"ticket:updated"> => ({
  id: newId(),
  version: 0,
  title: "Chamber music",
  price: 20,
  userId: newId(),
  status: "available",
  withdrawn: false,
  ...difference,
});

/** A ticket that orders has received. */
export async function ticketOnSale(difference: Partial<EventData<"ticket:updated">> = {}): Promise<Ticket> {
  const event = ticketEvent(difference);
  await Ticket.apply(event);
  return Ticket.findById(event.id).orFail();
}

export async function orderOf(
  userId = newId(),
  ticket?: Ticket,
  network = newId(),
  site?: string,
): Promise<Order> {
  const order = reserve(ticket ?? (await ticketOnSale()), { userId, network, site });
  await order.save();
  return order;
}

/** A live, overdue order. */
export async function overdueOrder(userId = newId()): Promise<Order> {
  const hourAgo = clock.now() - hours(1);
  clock.use(() => hourAgo);
  const order = await orderOf(userId);
  clock.use();
  return order;
}

/** A payment as the payments service publishes it. */
export const paymentOf = (order: Order): EventData<"payment:created"> => ({
  id: newId(),
  version: 1,
  orderId: order.id,
  userId: order.userId,
  stripeId: "ch_1",
  amount: 2000,
  currency: "usd",
  state: "charged",
});

/** The same payment, authorized or failed. */
export const unchargedPaymentOf = (
  order: Order,
  difference: Partial<EventData<"payment:authorized">> = {},
): EventData<"payment:authorized"> => {
  const { stripeId: _, ...payment } = paymentOf(order);
  return { ...payment, state: "authorized", intentId: "pi_1", ...difference };
};

export const reload = (order: Order): Promise<Order> => Order.findById(order.id).orFail().exec();

/** Simulates a race: does `work` between the load and the next save of an order. */
export function beforeNextSave(work: () => Promise<void>): void {
  let isFirst = true;
  onFailpoint(async (name) => {
    if (name !== "orders.save.before" || !isFirst) return;
    isFirst = false;
    await work();
  });
}
