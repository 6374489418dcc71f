import type { AnyPaymentState, OrderStatus } from "@eventhive/common";
import type { IntentStatus, State } from "./state";

type Transitions<S extends string> = Record<S, readonly S[]>;

// All that the model allows. `npm run spec` fails when exploration finds another transition, or does not find one of these.

export const orderTransitions = {
  created: ["awaiting:payment", "complete", "cancelled"],
  "awaiting:payment": ["created", "complete", "cancelled"],
  complete: [],
  cancelled: [],
} satisfies Transitions<OrderStatus>;

export const paymentTransitions = {
  charging: ["charged", "failed"],
  authorizing: ["challenged", "authorized", "voiding", "failed"],
  challenged: ["authorized", "voiding", "failed"],
  authorized: ["capturing", "voiding", "failed"],
  capturing: ["voiding", "charged", "failed"],
  voiding: ["charged", "failed"],
  charged: ["settled", "refunding"],
  settled: [],
  failed: [],
  refunding: ["refunded"],
  refunded: [],
} satisfies Transitions<AnyPaymentState>;

export const intentTransitions = {
  requires_payment_method: ["requires_action", "requires_capture", "canceled"],
  requires_confirmation: ["requires_payment_method", "requires_action", "requires_capture", "canceled"],
  requires_action: ["requires_payment_method", "requires_capture", "canceled"],
  processing: ["requires_payment_method", "succeeded"],
  requires_capture: ["processing", "succeeded", "canceled"],
  succeeded: [],
  canceled: [],
} satisfies Transitions<IntentStatus>;

export type Kind = "order" | "payment" | "intent";

/** With the states in which each is created, as transitions from `none`. */
const transitionsOf: Record<Kind, Transitions<string>> = {
  order: { none: ["created"], ...orderTransitions },
  payment: { none: ["charging", "authorizing"], ...paymentTransitions },
  intent: { none: ["requires_confirmation"], ...intentTransitions },
};

export const named = (kind: string, from: string, to: string) => `${kind} ${from} -> ${to}`;

/** Each as `payment authorized -> capturing`. */
export const allowedTransitions: ReadonlySet<string> = new Set(
  Object.entries(transitionsOf).flatMap(([kind, transitions]) =>
    Object.entries(transitions).flatMap(([from, targets]) => targets.map((to) => named(kind, from, to))),
  ),
);

/** Whether one or more allowed transitions lead there. */
export function isReachable(kind: Kind, from: string, to: string): boolean {
  const reached = new Set(transitionsOf[kind][from]);
  for (const state of reached) for (const next of transitionsOf[kind][state] ?? []) reached.add(next);
  return reached.has(to);
}

/** Adds to `seen` what changed between two states. The charges flow's money has no transition here. */
export function observeTransitions(
  seen: Set<string>,
  from: Pick<State, "orders" | "payments" | "intents">,
  to: State,
  isIntent: (payment: number) => boolean,
) {
  const add = (kind: string, found: string | undefined, after: string) => {
    const before = found ?? "none";
    if (before !== after) seen.add(named(kind, before, after));
  };
  for (const [index, { status }] of to.orders.entries()) add("order", from.orders[index]?.status, status);
  for (const [index, { state }] of to.payments.entries()) add("payment", from.payments[index]?.state, state);
  for (const [payment, intents] of to.intents.entries())
    if (isIntent(payment))
      for (const [index, { status }] of intents.entries())
        add("intent", from.intents[payment]?.[index]?.status, status);
}
