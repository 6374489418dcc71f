import type { Event } from "@eventhive/common";
import { readEventLog } from "./event-log";
import { lastingViolations } from "./invariants";
import { database, ledger, stackFile } from "./stack";
import type { SnapshotSources } from "./snapshot";

/** The databases and the ledger of the stack, and the events that its broker has stored. */
export const stackSources = (published: () => Event[]): SnapshotSources => ({
  tickets: database("tickets"),
  orders: database("orders"),
  auth: database("auth"),
  money: { payments: database("payments"), ledger },
  published,
});

/** The invariants that the stack still violates after it had time to become quiescent. */
export async function stackViolations(options?: { withinSeconds: number }): Promise<string[]> {
  const log = await readEventLog(stackFile().servers.nats);
  try {
    return await lastingViolations(
      stackSources(() => log.events),
      options,
    );
  } finally {
    await log.close();
  }
}
