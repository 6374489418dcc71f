import { metrics } from "../base/metrics";
import type { Subject } from "../contract/events";
import type { EventBus } from "../messaging/event-bus";

/** Sets the gauges of the backlog in the broker. What the broker does not report keeps its value. */
export async function measureBacklog(bus: EventBus, subjects: readonly Subject[]): Promise<void> {
  const storedBytes = await bus.storedBytes();
  if (storedBytes !== undefined) metrics.brokerStored.set(storedBytes);
  const waits = await Promise.all(subjects.map((subject) => bus.undeliveredMs(subject)));
  for (const [index, subject] of subjects.entries()) {
    const waitMs = waits[index];
    if (waitMs !== undefined) metrics.undeliveredOldest.set({ subject }, waitMs / 1000);
  }
}
