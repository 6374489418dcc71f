import type { Event } from "@eventhive/common";
import type { Changes } from "../infra/stripe-sandbox/ledger";
import { type Change, type ObservedState, changeBetween, modelStatusOf } from "../spec/histories";
import type { Kind } from "../spec/transitions";

/** What the broker's log shows of orders and payments, and the sandbox's ledger of intents. */
export function observedStates(published: Event[], ledger: Changes[]): ObservedState[] {
  const lines = new Map<string, number>();
  return [
    ...published.flatMap(({ data }): ObservedState[] => {
      if ("state" in data) return [{ kind: "payment", ...data }];
      return "ticket" in data ? [{ kind: "order", ...data, state: data.status }] : [];
    }),
    ...ledger.flatMap(({ intent }): ObservedState[] => {
      if (!intent) return [];
      const version = lines.get(intent.id) ?? 0;
      lines.set(intent.id, version + 1);
      return [{ kind: "intent", id: intent.id, version, state: modelStatusOf(intent) }];
    }),
  ];
}

/** The collections whose changes the model describes. */
const kinds: Record<string, Kind> = { "orders.orders": "order", "payments.payments": "payment" };

export interface Stored {
  version?: number | undefined;
  status?: string | undefined;
  state?: string | undefined;
}

/**
 * What changed in a document, if it is an order or a payment.
 * @param name its collection and ID, as `orders.orders 65f0…`
 */
export function changesOfDocument(name: string, before: Stored | undefined, now: Stored): Change[] {
  const [collection = "", id = ""] = name.split(" ");
  const kind = kinds[collection];
  if (!kind) return [];
  const observed = ({ version = -1, status, state = "none" }: Stored) => ({
    kind,
    id,
    version,
    state: status ?? state,
  });
  return changeBetween(before && observed(before), observed(now));
}
