import { clock } from "@eventhive/common";
import { trusted } from "mongoose";
import { holdingStates, oldestHold, unfinishedPayments, unfinishedStates } from "./metrics";
import { Payment } from "./models/payment";

/** Computed from stored data, so it includes payments that have been stuck for days, and survives restarts. */
export async function measureUnfinished(): Promise<void> {
  for (const state of unfinishedStates) {
    const oldest = await Payment.findOne({ state }).sort({ since: 1 });
    unfinishedPayments.set({ state }, ageInSeconds(oldest?.since));
  }
  // By the index of states: few payments hold money at a time.
  const isHeld = { state: trusted({ $in: holdingStates }), authorizedAt: trusted({ $exists: true }) };
  const oldest = await Payment.findOne(isHeld).sort({ authorizedAt: 1 });
  oldestHold.set(ageInSeconds(oldest?.authorizedAt));
}

const ageInSeconds = (since: Date | null | undefined) => (since ? (clock.now() - since.getTime()) / 1000 : 0);
