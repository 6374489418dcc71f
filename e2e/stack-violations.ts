import type { Event } from "@eventhive/common";
import { readEventLog } from "./event-log";
import { lastingViolations } from "./invariants";
import { violationsInLedger } from "./invariants-of-ledger";
import { changesIn, violationsOfModel } from "../spec/histories";
import { observedStates } from "./observed-states";
import { database, ledger, ledgerLines, serviceProcesses, stackFile } from "./stack";
import type { SnapshotSources } from "./snapshot";

/** The databases and the ledger of the stack. */
export const stackStores = (): SnapshotSources => ({
  tickets: database("tickets"),
  orders: database("orders"),
  auth: database("auth"),
  money: { payments: database("payments"), ledger },
});

/** Those, and the events that the stack's broker has stored. */
export const stackSources = (published: () => Event[]): SnapshotSources => ({ ...stackStores(), published });

/**
 * The invariants that the stack still violates after it had time to become quiescent, and what was wrong with money at any
 * time before: in the ledger, or by the model of payments.
 */
export async function stackViolations(options?: { withinSeconds: number }): Promise<string[]> {
  const log = await readEventLog(stackFile().servers.nats);
  try {
    const lasting = await lastingViolations(
      stackSources(() => log.events),
      options,
    );
    const lines = ledgerLines();
    if (lines.length === 0 && serviceProcesses().length > 0) expect((await ledger()).intents).toEqual([]); // else not found
    return [
      ...lasting,
      ...violationsInLedger(log.events, lines),
      ...violationsOfModel(changesIn(observedStates(log.events, lines))),
    ];
  } finally {
    await log.close();
  }
}
