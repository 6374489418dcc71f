import { type PaymentDocument, type Result, type State, at } from "./state";

/** In an order that no payment ever goes back in. */
const progress = {
  none: 0,
  charging: 1,
  authorizing: 2,
  challenged: 3,
  authorized: 4,
  capturing: 5,
  voiding: 6,
  charged: 7,
  settled: 8,
  refunding: 8,
  refunded: 9,
  failed: 9,
} satisfies Record<PaymentDocument["state"], number>;

/** The last state in which a payment does something with a result, unless it is one of a capture. */
const lastUse: Record<Result, PaymentDocument["state"]> = {
  none: "none",
  created: "authorizing",
  "stored-error": "authorizing",
  processing: "none",
  requires_confirmation: "none",
  requires_action: "authorizing",
  requires_capture: "challenged",
  requires_payment_method: "challenged",
  "cannot-capture": "capturing",
  succeeded: "voiding",
  canceled: "voiding",
  refunded: "none",
};

/** Removes the messages that cannot have an effect any more. `worlds.unreduced` explores without this. */
export function reduce(next: State): void {
  const stateOf = (payment: number) => at(next.payments, payment).state;
  next.orderEvents = next.orderEvents.filter(
    ({ order, version }) => version > at(next.orderReplicas, order).version,
  );
  next.paymentEvents = next.paymentEvents.filter(
    ({ paymentId, version }) => version > at(next.paymentReplicas, paymentId).version,
  );
  next.delivered = [];
  next.answers = next.answers.filter(
    ({ payment, operation, result }) =>
      progress[stateOf(payment)] <= progress[lastUse[result]] ||
      (operation === "capture" && stateOf(payment) === "capturing"),
  );
  next.requests = next.requests.filter(({ payment, intent }) => {
    const { status } = at(at(next.intents, payment), intent);
    const isFinal = status === "canceled" || status === "succeeded";
    return !isFinal || progress[stateOf(payment)] < progress.settled;
  });
}
