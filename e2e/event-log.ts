import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type Event, type Subject, subjects } from "@eventhive/common";
import { jetstream } from "@nats-io/jetstream";
import * as nats from "@nats-io/transport-node";
import { type Message, connect } from "node-nats-streaming";
import { type Server, brokerOf, jetStream } from "../infra/local/known-servers";
import { tryParseEvent } from "./try-parse-event";

export interface EventLog {
  /** The events received so far. More are added as they arrive. */
  events: Event[];
  close: () => Promise<void>;
}

/** Reads every event in the log of the stack's broker, or of another. */
export async function readEventLog(natsUrl: string, broker?: Server): Promise<EventLog> {
  const events: Event[] = [];
  const read = (broker ?? brokerOf(process.env)) === jetStream ? readJetStream : readNatsStreaming;
  const close = await read(natsUrl, (subject, bytes) => {
    const event = tryParseEvent(subject, bytes);
    if (event) events.push(event);
  });
  return { events, close };
}

type Take = (subject: Subject, bytes: Buffer) => void;

async function readNatsStreaming(url: string, take: Take): Promise<() => Promise<void>> {
  const stan = connect("eventhive", `e2e-${randomUUID()}`, {
    url,
    waitOnFirstConnect: true, // the previous broker may have closed the connection
  });
  await once(stan, "connect");
  // Nothing is acknowledged: the ack inbox is known only after `ready`, which may follow the first messages.
  const everything = stan
    .subscriptionOptions()
    .setDeliverAllAvailable()
    .setManualAckMode(true)
    .setAckWait(3_600_000)
    .setMaxInFlight(10_000_000);
  for (const subject of subjects) {
    const subscription = stan.subscribe(subject, everything);
    subscription.on("message", (message: Message) => take(subject, message.getRawData()));
  }
  return async () => {
    stan.close();
    await once(stan, "close");
  };
}

async function readJetStream(url: string, take: Take): Promise<() => Promise<void>> {
  const client = await nats.connect({ servers: url, waitOnFirstConnect: true, maxReconnectAttempts: -1 });
  const consumer = await jetstream(client).consumers.get("eventhive");
  await consumer.consume({
    callback: ({ subject, data }) => {
      const [, aggregate, change] = subject.split(".");
      const known = subjects.find((one) => one === `${aggregate}:${change}`);
      if (known) take(known, Buffer.from(data));
    },
  });
  return () => client.close();
}
