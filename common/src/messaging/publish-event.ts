import { currentContext, withContext } from "../base/context";
import type { Event } from "../contract/events";
import { metrics } from "../base/metrics";
import type { EventBus } from "./event-bus";

/**
 * Publishes an event as a span of its own, which its consumers continue.
 * @throws when the broker did not confirm that it stored the event
 */
export async function publishEvent(bus: EventBus, event: Event): Promise<void> {
  const { id, type, traceparent } = event;
  const publish = async () => {
    const sent = { ...event, traceparent: currentContext()?.traceparent };
    await bus.publish(type, Buffer.from(JSON.stringify(sent)), { id, aggregateId: event.subject });
    metrics.eventsPublished.inc({ subject: type });
  };
  await withContext({ traceparent, eventId: id }, publish, {
    name: `publish ${type}`,
    kind: "PRODUCER",
    attributes: { "messaging.destination.name": type, "messaging.message.id": id },
  });
}
