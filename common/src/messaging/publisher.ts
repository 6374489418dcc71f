import { randomUUID } from "node:crypto";
import { clock } from "../base/clock";
import { currentContext } from "../base/context";
import { type EventData, type Subject, checkedData } from "../contract/events";
import type { EventBus } from "./event-bus";
import { publishEvent } from "./publish-event";

/**
 * Publishes directly to the broker, for a service without aggregates, and so without outboxes.
 * @example
 * const expire = (complete: Publisher<"expiration:complete">, orderId: string) =>
 *   complete.publish(orderId, { orderId });
 */
export interface Publisher<S extends Subject = Subject> {
  /** Resolves when the broker has stored the event; until then, the caller must repeat it. */
  publish(aggregateId: string, data: EventData<S>): Promise<void>;
  /** Called by startService. */
  connect(bus: EventBus, service: string): void;
}

/**
 * List it in `publishers` of the service, which connects it.
 * @example
 * const expirationComplete = publisher("expiration:complete");
 * expirationComplete.connect(new MemoryBroker().connect("expiration"), "expiration"); // startService does this
 * const orderId = newId();
 * await expirationComplete.publish(orderId, { orderId });
 */
export function publisher<S extends Subject>(subject: S): Publisher<S> {
  let connection: { bus: EventBus; service: string } | undefined;
  return {
    connect: (bus, service) => {
      connection = { bus, service };
    },
    publish: async (aggregateId, data) => {
      if (!connection)
        throw new Error(`The publisher of ${subject} is not connected: name it in startService()`);
      await publishEvent(connection.bus, {
        specversion: "1.0",
        id: randomUUID(),
        source: connection.service,
        type: subject,
        subject: aggregateId,
        time: clock.date().toISOString(),
        traceparent: currentContext()?.traceparent,
        data: checkedData(subject, data),
      });
    },
  };
}
