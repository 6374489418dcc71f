import type { OrderStatus } from "@eventhive/common";
import {
  type OrderDecision,
  type OrderDocument,
  type State,
  at,
  insert,
  orderDecision,
  orderEvent,
  remove,
} from "./state";
import type { Steps } from "./step";

export const isLive = (status: OrderDocument["status"]) =>
  status === "created" || status === "awaiting:payment";
export const isOver = (status: OrderDocument["status"]) => status === "complete" || status === "cancelled";

/** orders: the buyer, the clock, and what follows from the replica of payments. */
export function addOrderSteps(steps: Steps): void {
  const { state } = steps;
  for (const [order, document] of state.orders.entries()) {
    if (document.status === "none") addPlacing(steps, order);
    else addDecisions(steps, order, document);
  }
  for (const decision of state.orderDecisions) addSaving(steps, decision);
}

/** The unique index on the ticket admits one order at a time. */
function addPlacing(steps: Steps, order: number): void {
  if (steps.state.orders.some(({ status }) => isLive(status) || status === "complete")) return;
  steps.may(`a buyer places order ${order}`, (next) => {
    at(next.orders, order).status = "created";
    insert(next.orderEvents, orderEvent({ order, status: "created", version: 0, payment: undefined }));
  });
}

function addDecisions(steps: Steps, order: number, document: OrderDocument): void {
  const { mutant, state, world } = steps;
  const { status, overdue, version } = document;
  const isCreated = status === "created";
  const isGranted = status === "awaiting:payment";

  const decide = (kind: "must" | "may", why: string, to: OrderStatus, payment?: number) =>
    steps[kind](`orders decides: order ${order} ${to}, ${why}`, (next) => {
      if (next.orderDecisions.length >= world.maxDecisions) return false;
      return insert(next.orderDecisions, orderDecision({ order, version, to, payment }));
    });

  if (!overdue && isLive(status))
    steps.must(`the time of order ${order} is over`, (next) => {
      at(next.orders, order).overdue = true;
    });
  if (isCreated || (isGranted && mutant === "cancelGranted")) decide("may", "the buyer cancels", "cancelled");
  if (overdue && (isCreated || (isGranted && mutant === "expireGranted")))
    decide("must", "overdue", "cancelled");

  if (world.sweeps || state.unacknowledged.includes(order)) {
    const wanted = followPayments(steps, order, document);
    for (const { to, payment } of wanted) decide("must", "following its payments", to, payment);
    if (!world.sweeps && wanted.length === 0)
      steps.must(`orders acknowledges the event for order ${order}`, (next) =>
        remove(next.unacknowledged, order),
      );
  }
}

interface Wanted {
  to: OrderStatus;
  payment?: number;
}

/** What the replica of payments asks for; computed for every delivery, after every save and by the sweep. */
function followPayments({ mutant, state, world }: Steps, order: number, document: OrderDocument): Wanted[] {
  const { status, overdue, payment } = document;
  const stateOf = (index: number) => at(state.paymentReplicas, index).state;

  if (status === "awaiting:payment" && payment !== undefined) {
    if (stateOf(payment) === "charged") return [{ to: "complete", payment }];
    if (stateOf(payment) === "failed") return [{ to: overdue ? "cancelled" : "created" }];
  }
  if (status === "complete" && payment !== undefined && mutant === "completeBeforeCapture")
    return stateOf(payment) === "failed" ? [{ to: "cancelled" }] : [];
  if (status !== "created") return [];

  const grants: OrderStatus = mutant === "completeBeforeCapture" ? "complete" : "awaiting:payment";
  return world.payments.flatMap((made, index): Wanted[] => {
    if (made.order !== order) return [];
    if (stateOf(index) === "charged") return [{ to: "complete", payment: index }];
    return stateOf(index) === "authorized" && !overdue ? [{ to: grants, payment: index }] : [];
  });
}

/** The save compares the version, and publishes its event by the outbox: both or nothing. */
function addSaving(steps: Steps, decision: OrderDecision): void {
  const { mutant, world } = steps;
  const { order, to, payment } = decision;
  steps.must(`orders saves: order ${order} ${to}`, (next) => {
    remove(next.orderDecisions, decision);
    const isCurrent = at(next.orders, order).version === decision.version;
    if (!isCurrent && mutant !== "saveOrderUnconditionally") return;
    save(next, decision, mutant === "saveOrderUnconditionally");
    const isLost = mutant === "noGrantEvent" && to === "awaiting:payment";
    if (!isLost) {
      const { version } = at(next.orders, order);
      insert(next.orderEvents, orderEvent({ order, status: to, version, payment }));
    }
    if (!world.sweeps && mutant !== "followOnce") markUnacknowledged(next, order);
  });
  steps.fault(`orders crashes before it saves order ${order} ${to}`, (next) => {
    remove(next.orderDecisions, decision);
    if (!world.sweeps) markUnacknowledged(next, order); // the broker delivers the event again
  });
}

function save(next: State, { order, to, payment }: OrderDecision, keepsStale: boolean): void {
  const document = at(next.orders, order);
  Object.assign(document, { status: to, payment, version: document.version + 1 });
  // Other decisions about this document have lost: their version is stale.
  if (!keepsStale) next.orderDecisions = next.orderDecisions.filter((other) => other.order !== order);
}

export function markUnacknowledged(next: State, order: number): void {
  if (!next.unacknowledged.includes(order))
    next.unacknowledged = [...next.unacknowledged, order].sort((one, other) => one - other);
}
