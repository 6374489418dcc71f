import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../infra/local/port";
import { type Stack, startStack } from "../infra/local/stack";

/** Measures on a stack of its own, one process of each service, and ends the program. */
export async function withStack(measure: (stack: Stack) => Promise<void>): Promise<never> {
  let exitCode = 0;
  const dataFolder = mkdtempSync(join(tmpdir(), "eventhive-bench-"));
  const environment = {
    EVENTHIVE_DEMO: "no",
    EXPIRATION_SECONDS: "20",
    MAX_EDITS_PER_HOUR: "100000",
    MAX_LISTINGS: "100000",
    MAX_LISTINGS_PER_DAY: "1000000",
    MAX_RESERVATIONS: "100000",
    MAX_RESERVATIONS_PER_NETWORK: "100000",
    MAX_UNPAID_PER_HOUR: "100000",
    MAX_UNPAID_PER_NETWORK_PER_HOUR: "100000",
    SIGNUPS_PER_HOUR: "100000",
  };
  console.log("with", environment);
  try {
    const port = await freePort();
    const stack = await startStack({ dataFolder, port, replicas: 1, environment, say: console.log });
    try {
      await measure(stack);
    } finally {
      await stack.stop();
    }
  } catch (error) {
    console.error(error);
    exitCode = 1;
  }
  rmSync(dataFolder, { recursive: true, force: true });
  process.exit(exitCode);
}

/** A line with two columns: the median, and what one in a hundred exceeds. */
export function report(what: string, times: number[]): void {
  const sorted = times.toSorted((one, other) => one - other);
  const percentile = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? NaN).toFixed(1);
  console.log(what.padEnd(51), percentile(0.5).padStart(8), percentile(0.99).padStart(8));
}
