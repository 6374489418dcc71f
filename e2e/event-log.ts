import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { type Event, type Subject, subjects } from "@eventhive/common";
import { jetstreamManager } from "@nats-io/jetstream";
import * as nats from "@nats-io/transport-node";
import { type Message, connect } from "node-nats-streaming";
import { inboxPrefixOf, streamName } from "../common/src/contract/jetstream-names";
import { collected } from "../common/src/messaging/jetstream/log";
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

/** On a cluster where each service is a user of its own, with the bridge's key. */
async function readJetStream(url: string, take: Take): Promise<() => Promise<void>> {
  const { JETSTREAM_CREDENTIALS: seed } = process.env;
  const client = await nats.connect({
    servers: url,
    ignoreClusterUpdates: true, // the other servers may be unreachable from here
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    inboxPrefix: inboxPrefixOf("bridge"),
    ...(seed && { authenticator: nats.nkeyAuthenticator(new TextEncoder().encode(seed)) }),
  });
  const manager = await jetstreamManager(client, { checkAPI: false });
  const follow = async () => {
    for (let seq = 1; !client.isClosed(); await wait(100)) {
      const query = { seq, next_by_subj: `${streamName}.>`, batch: 1000 };
      const messages = await collected(manager, query).catch(() => []); // fails if there are none yet, or no server responds
      for (const message of messages) {
        const [, aggregate, change] = message.subject.split(".");
        const known = subjects.find((one) => one === `${aggregate}:${change}`);
        if (known) take(known, Buffer.from(message.data));
        seq = message.seq + 1;
      }
    }
  };
  void follow();
  return () => client.close();
}
