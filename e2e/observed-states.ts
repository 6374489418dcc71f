import type { Event } from "@eventhive/common";
import type { Changes } from "../infra/stripe-sandbox/ledger";
import { type ObservedState, modelStatusOf } from "../spec/histories";

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
