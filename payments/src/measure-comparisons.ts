import { clock } from "@eventhive/common";
import { overdueComparisons } from "./metrics";
import { Reconciliation } from "./models/reconciliation";

/** A comparison that fails, or omits a step, finds no differences: without this, it would look healthy. */
export async function measureComparisons(): Promise<void> {
  for (const { _id: schedule, nextDueAt } of await Reconciliation.find({}, { nextDueAt: 1 }).lean())
    overdueComparisons.set({ schedule }, Math.max(0, clock.now() - nextDueAt.getTime()) / 1000);
}
