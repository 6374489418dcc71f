import { clock } from "@eventhive/common";

/** Grows with what has passed already, as exponential backoff does; jittered, so that payments do not ask in step. */
export function pauseAfter(since: Date, maxMs: number): number {
  const passedMs = clock.now() - since.getTime();
  return Math.min(Math.max(passedMs / 2, 250), maxMs) * (0.5 + Math.random() / 2);
}
