import type { Intent } from "../infra/stripe-sandbox/ledger";
import { type Kind, allowedTransitions, isReachable, named } from "./transitions";

// Compares what the running system did with the model.

/** A state that an order, a payment or an intent had. */
export interface ObservedState {
  kind: Kind;
  id: string;
  /** 0 at first; each change increments it. */
  version: number;
  state: string;
}

export interface Change {
  kind: Kind;
  id: string;
  /** `none` of one that was created. */
  from: string;
  to: string;
  /** Whether no state can be missing in between. */
  isDirect: boolean;
}

/** What changed between the observed states, in any order, of each order, payment and intent. */
export function changesIn(observed: ObservedState[]): Change[] {
  const ordered = observed.toSorted((one, other) => compare(one.id, other.id) || one.version - other.version);
  return ordered.flatMap((now, index) => {
    const before = ordered[index - 1];
    return changeBetween(before?.id === now.id ? before : undefined, now);
  });
}

const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));

/**
 * Empty if the state is the same. Without a state before it, a first version was created in its state; of a later one, it is
 * not known how it began.
 */
export function changeBetween(before: ObservedState | undefined, now: ObservedState): Change[] {
  const { kind, id, state: to } = now;
  if (!before) return now.version === 0 ? [{ kind, id, from: "none", to, isDirect: true }] : [];
  if (before.state === to) return [];
  return [{ kind, id, from: before.state, to, isDirect: now.version - before.version === 1 }];
}

export const transitionOf = ({ kind, from, to }: Change): string => named(kind, from, to);

/** The changes that the model does not allow. */
export const violationsOfModel = (changes: Change[]): string[] =>
  changes
    .filter((change) =>
      change.isDirect
        ? !allowedTransitions.has(transitionOf(change))
        : !isReachable(change.kind, change.from, change.to),
    )
    .map((change) => `model: ${transitionOf(change)} is not allowed, of ${change.id}`);

/** In the model, a card comes with the confirmation: an intent without a card only waits for that. */
export const modelStatusOf = ({
  status,
  last_payment_error: error,
}: Pick<Intent, "status" | "last_payment_error">): Intent["status"] =>
  status === "requires_payment_method" && !error ? "requires_confirmation" : status;
