import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type Event, subjects } from "@eventhive/common";
import { type Message, connect } from "node-nats-streaming";
import { tryParseEvent } from "./try-parse-event";

export interface EventLog {
  /** The events received so far. More are added as they arrive. */
  events: Event[];
  close: () => Promise<void>;
}

/** Reads every event in the broker's log. */
export async function readEventLog(natsUrl: string): Promise<EventLog> {
  const stan = connect("eventhive", `e2e-${randomUUID()}`, {
    url: natsUrl,
    waitOnFirstConnect: true, // the previous broker may have closed the connection
  });
  await once(stan, "connect");
  const events: Event[] = [];
  // Nothing is acknowledged: the ack inbox is known only after `ready`, which may follow the first messages.
  const everything = stan
    .subscriptionOptions()
    .setDeliverAllAvailable()
    .setManualAckMode(true)
    .setAckWait(3_600_000)
    .setMaxInFlight(10_000_000);
  for (const subject of subjects) {
    const subscription = stan.subscribe(subject, everything);
    subscription.on("message", (message: Message) => {
      const event = tryParseEvent(subject, message.getRawData());
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
