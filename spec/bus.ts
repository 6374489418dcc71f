import { markUnacknowledged } from "./orders";
import { type OrderEvent, type PaymentEvent, type State, at, insert, remove } from "./state";
import type { Steps } from "./step";

/** The broker loses nothing, delivers in any order, and may deliver an event again. Replicas take newer versions only. */
export function addDeliveries(steps: Steps): void {
  const { state } = steps;
  for (const event of state.orderEvents)
    steps.must(`the broker delivers: order ${event.order} ${event.status}`, (next) => {
      remove(next.orderEvents, event);
      insert(next.delivered, event);
      replicate(steps, next, event);
    });
  for (const event of state.paymentEvents)
    steps.must(`the broker delivers: payment ${event.paymentId} ${event.state}`, (next) => {
      remove(next.paymentEvents, event);
      insert(next.delivered, event);
      replicate(steps, next, event);
    });
  for (const event of state.delivered)
    steps.may(`the broker delivers again: ${event.key}`, (next) => replicate(steps, next, event));
}

/** @returns whether the replica took it */
function replicate({ mutant, world }: Steps, next: State, event: OrderEvent | PaymentEvent): boolean {
  if ("order" in event) {
    const { order, status, version, payment } = event;
    const replica = at(next.orderReplicas, order);
    if (version <= replica.version && mutant !== "takeOlderOrders") return false;
    Object.assign(replica, { status, version, payment });
    return true;
  }
  const { paymentId, state, version } = event;
  const replica = at(next.paymentReplicas, paymentId);
  if (version <= replica.version && mutant !== "takeOlderPayments") return false;
  Object.assign(replica, { state, version });
  if (!world.sweeps) markUnacknowledged(next, at(world.payments, paymentId).order);
  return true;
}
