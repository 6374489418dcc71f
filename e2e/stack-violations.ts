import type { Event } from "@eventhive/common";
import { readEventLog } from "./event-log";
import { violations } from "./invariants";
import { database, ledger, stackFile } from "./stack";
import type { World } from "./world";

/** The stack, with what its broker has stored. */
export const stackWorld = (published: () => Event[]): World => ({
  tickets: database("tickets"),
  orders: database("orders"),
  money: { payments: database("payments"), ledger },
  published,
});

/** What is wrong with the stack when it has come to rest. */
export async function stackViolations(options?: { withinSeconds: number }): Promise<string[]> {
  const log = await readEventLog(stackFile().servers.nats);
  try {
    return await violations(
      stackWorld(() => log.events),
      options,
    );
  } finally {
    await log.close();
  }
}
