import type { EventBus, EventLog } from "../messaging/event-bus";

/** Reads the logs of a bus, one after another. */
export async function* readLog(bus: EventBus, ...parameters: Parameters<EventLog["read"]>) {
  for (const log of bus.logs) yield* log.read(...parameters);
}
