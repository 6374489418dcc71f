import { clock } from "@eventhive/common";
import { unfinishedPayments, unfinishedStates } from "./metrics";
import { Payment } from "./models/payment";

/** Counted from what is stored, so it neither forgets what is stuck for days nor counts what a killed process did. */
export async function measureUnfinished(): Promise<void> {
  for (const state of unfinishedStates) {
    const oldest = await Payment.findOne({ state }).sort({ since: 1 });
    unfinishedPayments.set({ state }, oldest ? (clock.now() - oldest.since.getTime()) / 1000 : 0);
  }
}
