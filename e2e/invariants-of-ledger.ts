import type { Event } from "@eventhive/common";
import type { Changes } from "../infra/stripe-sandbox/ledger";
import { grantOf } from "./invariants-of-money";

/** A change in the sandbox's ledger, with its time in milliseconds since 1970. */
export type LedgerLine = Changes & { at: number };

/** Services read the time of their store with a timeout of 2 s, so their clocks are off by at most 1 s. */
export const clockMarginMs = 1000;

/** What must hold at every instant of the money of intents. The ledger contains each change of it, in order. */
export function violationsInLedger(published: Event[], lines: LedgerLine[]): string[] {
  const grants = grantsIn(published);
  const standing = new Map<string, Set<string>>();
  const captured = new Set<string>();
  const violations = new Set<string>();
  for (const { charge, at } of lines) {
    if (!charge?.payment_intent) continue;
    const { orderId = "none", paymentId = "none" } = charge.metadata;
    const ofOrder = standing.get(orderId) ?? new Set<string>();
    standing.set(orderId, ofOrder);
    if (charge.paid && !charge.refunded) ofOrder.add(charge.id);
    else ofOrder.delete(charge.id);
    if (ofOrder.size > 1) violations.add(`I2: order ${orderId} had ${[...ofOrder].join(" and ")} at once`);

    if (!charge.captured || captured.has(charge.id)) continue;
    captured.add(charge.id);
    const { from, until } = grants.get(`${orderId} ${paymentId}`) ?? { from: at, until: at };
    const report = (when: string) => violations.add(`I2: charge ${charge.id} was captured ${when}`);
    if (from - at > clockMarginMs) report(`${from - at} ms before order ${orderId} was granted`);
    if (at - until > clockMarginMs) report(`${at - until} ms after the grant of order ${orderId} had ended`);
  }
  return [...violations];
}

/** From when until when an order was granted to a payment, or complete by it. */
interface Grant {
  paymentId: string | undefined;
  from: number;
  until: number;
}

/** By order and payment. A grant ends at the order's next version without it. */
function grantsIn(published: Event[]): Map<string, Grant> {
  const grants = new Map<string, Grant>();
  const current = new Map<string, Grant>();
  const orders = published.flatMap(({ data, time }) =>
    "ticket" in data ? [{ ...data, at: Date.parse(time) }] : [],
  );
  // What was republished has the version of the original, and a later time.
  orders.sort((one, other) => one.version - other.version || one.at - other.at);
  for (const { at, ...order } of orders) {
    const { id, status, paymentId } = order;
    const grant = current.get(id);
    const isGranted = status === "awaiting:payment" || status === "complete";
    if (grant && isGranted && grant.paymentId === paymentId) continue;
    if (grant) grant.until = at;
    current.delete(id);
    const name = grantOf(order);
    if (!name) continue;
    const begun = { paymentId, from: at, until: Infinity };
    grants.set(name, begun);
    current.set(id, begun);
  }
  return grants;
}
