import { RequestError, TimeoutError, headers } from "@nats-io/transport-node";
import { seconds } from "../../base/clock";
import { failpoint } from "../../base/failpoint";
import { logger } from "../../base/logger";
import type { Subject } from "../../contract/events";
import { filterOf, subjectOf } from "../../contract/jetstream-names";
import { type EventBus, type EventIds, type Message, type Subscription, closeAll } from "../event-bus";
import { PublishWindow } from "../publish-window";
import { storedBytes, undeliveredMs } from "./backlog";
import { type Connected, JetStreamConnection, type JetStreamConnectionOptions } from "./connection";
import { type JetStreamLogOptions, readJetStreamLog } from "./log";
import { copyHeader, ensureStream } from "./stream";
import { JetStreamSubscription } from "./subscription";

export interface JetStreamBusOptions extends JetStreamConnectionOptions, JetStreamLogOptions {
  /** A message not acknowledged by then is delivered again. */
  ackWaitSeconds?: number;
}

const publishAttempts = 5;
const publishTimeout = seconds(1);

interface Watch {
  subject: Subject;
  handle: (message: Message) => void;
  stop: () => void;
}

/**
 * The event bus on NATS JetStream. It connects in the background, without a time limit, at startup and after every
 * outage, and creates the stream and the service's durable consumers where they are missing.
 */
export function jetStreamBus({ ackWaitSeconds = 10, ...options }: JetStreamBusOptions): EventBus {
  const { name } = options;
  const subscriptions = new Set<JetStreamSubscription>();
  const watches = new Set<Watch>();
  const publishing = new PublishWindow();
  const connection = new JetStreamConnection(options, {
    onConnect: (made) => {
      for (const watch of watches) start(watch, made);
    },
    onDisconnect: (error) => {
      publishing.failPending(error);
      for (const subscription of subscriptions) subscription.disconnected(error);
    },
  });

  /** Retries after a timeout, with the same ID, so that the broker stores the event once. */
  async function store(
    subject: Subject,
    bytes: Buffer,
    { id, aggregateId, isCopy }: EventIds,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      // While it is disconnected, the client keeps copies, and sends them once it reconnects.
      if (!connection.isConnected || !connection.made) throw new Error("the broker is unavailable");
      const { made } = connection;
      try {
        const options = { msgID: id, timeout: publishTimeout, headers: isCopy ? markOfCopies() : undefined };
        await made.jetStream.publish(subjectOf(subject, aggregateId), bytes, options);
        return;
      } catch (error) {
        if (attempt === publishAttempts) throw error;
        // There is no stream: this is the first event ever, or the broker has lost its store.
        if (hasNoStream(error)) await ensureStream(made);
        else if (!(error instanceof TimeoutError)) throw error;
      }
    }
  }

  function start(watch: Watch, { client }: Connected): void {
    const { subject, handle } = watch;
    const subscription = client.subscribe(filterOf(subject), {
      callback: (error, message) => {
        try {
          if (error) throw error;
          if (!watches.has(watch)) return;
          handle({ subject, bytes: Buffer.from(message.data), redeliveries: 0 });
        } catch (failure) {
          logger.debug({ err: failure, subject }, "a message was not handled");
        }
      },
    });
    watch.stop = () => void subscription.drain().catch(() => {});
  }

  return {
    get isConnected() {
      return connection.isConnected;
    },

    publish: async (subject, bytes, ids) => {
      await failpoint(`${name}.publish.before`);
      await publishing.run(() => store(subject, bytes, ids));
      await failpoint(`${name}.publish.after`);
    },

    subscribe: (subject, handle): Subscription => {
      const subscription = new JetStreamSubscription(connection, {
        name,
        subject,
        ackWaitSeconds,
        consume: async (message, acknowledge) => {
          await handle(message);
          await failpoint(`${name}.ack.before`);
          acknowledge();
          await failpoint(`${name}.ack.after`);
        },
      });
      subscriptions.add(subscription);
      return {
        close: async () => {
          await subscription.close();
          subscriptions.delete(subscription);
        },
      };
    },

    undeliveredMs: async (subject) =>
      connection.made && undeliveredMs(connection.made.manager, name, subject),

    storedBytes: async () => connection.made && storedBytes(connection.made.manager),

    watch: (subject, handle): Subscription => {
      const watch: Watch = { subject, handle, stop: () => {} };
      watches.add(watch);
      if (connection.made) start(watch, connection.made);
      return {
        close: async () => {
          watches.delete(watch);
          watch.stop();
        },
      };
    },

    logs: [
      {
        broker: "jetstream",
        read: (subject, { after = 0 } = {}) => readJetStreamLog(connection, subject, after, options),
      },
    ],

    close: async () => {
      await closeAll(subscriptions);
      await connection.close();
    },
  };
}

function markOfCopies() {
  const marked = headers();
  marked.set(copyHeader, "yes");
  return marked;
}

const hasNoStream = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof RequestError && error.cause.isNoResponders();
