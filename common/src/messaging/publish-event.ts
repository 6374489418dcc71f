import { currentContext, withContext } from "../context";
import type { Event } from "../events";
import { metrics } from "../metrics";
import type { EventBus } from "./event-bus";

/**
 * Publishes an event as a span of its own: whoever hears it goes on from there.
 * @throws when the broker did not say that it stored the event
 */
export async function publishEvent(bus: EventBus, event: Event): Promise<void> {
  const { id, type, traceparent } = event;
  await withContext({ traceparent, eventId: id }, async () => {
    const sent = { ...event, traceparent: currentContext()?.traceparent };
    await bus.publish(type, Buffer.from(JSON.stringify(sent)));
    metrics.eventsPublished.inc({ subject: type });
  });
}
