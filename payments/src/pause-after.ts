import { clock } from "@eventhive/common";

/** Grows with the elapsed time, like exponential backoff; jittered, so that payments do not send requests in step. */
export function pauseAfter(since: Date, maxMs: number): number {
  const passedMs = clock.now() - since.getTime();
  return Math.min(Math.max(passedMs / 2, 250), maxMs) * (0.5 + Math.random() / 2);
}
