import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type Event, subjects } from "@eventhive/common";
import { type Message, connect } from "node-nats-streaming";
import { readableEvent } from "./readable-event";

export interface EventLog {
  /** All events that the broker has stored, as far as they have come; it fills up and goes on. */
  events: Event[];
  close: () => Promise<void>;
}

/** Reads everything that was ever published, from the broker itself. */
export async function readEventLog(natsUrl: string): Promise<EventLog> {
  const stan = connect("eventhive", `e2e-${randomUUID()}`, {
    url: natsUrl,
    waitOnFirstConnect: true, // the way to it may have been cut with the broker before this one
  });
  await once(stan, "connect");
  const events: Event[] = [];
  // Nothing is acknowledged: the address for that comes with `ready`, which is later than the first messages.
  const everything = stan
    .subscriptionOptions()
    .setDeliverAllAvailable()
    .setManualAckMode(true)
    .setAckWait(3_600_000)
    .setMaxInFlight(10_000_000);
  for (const subject of subjects) {
    const subscription = stan.subscribe(subject, everything);
    subscription.on("message", (message: Message) => {
      const event = readableEvent(subject, message.getRawData());
      if (event) events.push(event);
    });
  }
  return {
    events,
    close: async () => {
      stan.close();
      await once(stan, "close");
    },
  };
}
