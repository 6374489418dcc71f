import type { Event } from "@eventhive/common";
import type { Changes } from "../infra/stripe-sandbox/ledger";
import { grantOf } from "./invariants-of-money";

/** A change in the sandbox's ledger, with its time in milliseconds since 1970. */
export type LedgerLine = Changes & { at: number };

/** Services read the time of their store with a timeout of 2 s, so their clocks are off by at most 1 s. */
export const clockMarginMs = 1000;

/** What must hold at every instant of the money of intents. The ledger contains each change of it, in order. */
export function violationsInLedger(published: Event[], lines: LedgerLine[]): string[] {
  const grantedAt = timesOfGrants(published);
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
    const earlyMs = (grantedAt.get(`${orderId} ${paymentId}`) ?? at) - at;
    if (earlyMs > clockMarginMs)
      violations.add(
        `I2: charge ${charge.id} was captured ${earlyMs} ms before order ${orderId} was granted`,
      );
  }
  return [...violations];
}

/** By order and payment. A republished grant is newer. */
function timesOfGrants(published: Event[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { data, time } of published) {
    const grant = grantOf(data);
    if (grant) times.set(grant, Math.min(Date.parse(time), times.get(grant) ?? Infinity));
  }
  return times;
}
