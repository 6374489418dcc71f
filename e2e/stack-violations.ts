import { readEventLog } from "./event-log";
import { violations } from "./invariants";
import { database, ledger, stackFile } from "./stack";

/** What is wrong with the stack when it has come to rest. */
export async function stackViolations(options?: { withinSeconds: number }): Promise<string[]> {
  const log = await readEventLog(stackFile().servers.nats);
  try {
    const money = { payments: database("payments"), ledger };
    const world = {
      tickets: database("tickets"),
      orders: database("orders"),
      money,
      published: () => log.events,
    };
    return await violations(world, options);
  } finally {
    await log.close();
  }
}
