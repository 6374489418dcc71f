import { clock } from "@eventhive/common";
import { unfinishedPayments, unfinishedStates } from "./metrics";
import { Payment } from "./models/payment";

/** Computed from stored data, so it includes payments that have been stuck for days, and survives restarts. */
export async function measureUnfinished(): Promise<void> {
  for (const state of unfinishedStates) {
    const oldest = await Payment.findOne({ state }).sort({ since: 1 });
    unfinishedPayments.set({ state }, oldest ? (clock.now() - oldest.since.getTime()) / 1000 : 0);
  }
}
