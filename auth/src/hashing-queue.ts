import { UnavailableError } from "@eventhive/common";

const atOnce = 2; // each fills a core and, at the usual cost, 128 MiB
const mostWaiting = 100;

const waiting: (() => void)[] = [];
let running = 0;

/**
 * Runs hashings a few at a time, first come first served, so that a crowd cannot take all memory.
 * @throws UnavailableError when too many wait already
 */
export async function inTurn<T>(hashing: () => Promise<T>): Promise<T> {
  if (running < atOnce) running++;
  else if (waiting.length < mostWaiting) await new Promise<void>((resolve) => waiting.push(resolve));
  else throw new UnavailableError("Too many people are signing in just now: try again");
  try {
    return await hashing();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
