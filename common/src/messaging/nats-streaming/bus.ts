import type { Stan } from "node-nats-streaming";
import { seconds } from "../../base/clock";
import { failpoint } from "../../base/failpoint";
import type { Subject } from "../../contract/events";
import { type EventBus, type Subscription, closeAll } from "../event-bus";
import { PublishWindow } from "../publish-window";
import { NatsBacklog } from "./backlog";
import { NatsConnection, type NatsConnectionOptions, asError } from "./connection";
import { NatsLog, type NatsLogOptions } from "./log";
import { NatsSubscription, type SubscriptionSpec, defaultMaxInFlight } from "./subscription";

export interface NatsBusOptions extends NatsConnectionOptions, NatsLogOptions {
  /** A message not acknowledged by then is delivered again. Whole seconds: the client refuses fractions. */
  ackWaitSeconds?: number;
  /** The broker's monitoring endpoint; without it, undelivered messages are not measured. */
  monitorUrl?: string;
}

/**
 * The event bus on NATS Streaming. It connects in the background, without a time limit, at startup and after every
 * outage. The service's name is both queue group and durable name, so the broker stores its position in each channel.
 */
export function natsStreamingBus({ ackWaitSeconds = 10, monitorUrl, ...options }: NatsBusOptions): EventBus {
  const { name } = options;
  const backlog = monitorUrl ? new NatsBacklog(monitorUrl, name) : undefined;
  const subscriptions = new Set<NatsSubscription>();
  const connection = new NatsConnection(options, {
    onConnect: (stan) => {
      for (const subscription of subscriptions) subscription.join(stan);
    },
    onDisconnect: (error) => publishing.failPending(error),
  });
  // Past a limit of its own the client reports an error, and sends the message as well.
  const publishing = new PublishWindow();

  function store(subject: Subject, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      // While it is disconnected, the client keeps copies, and sends them once it reconnects.
      if (!connection.isConnected || !connection.accepted) throw new Error("the broker is unavailable");
      connection.accepted.publish(subject, bytes, (error: unknown) => {
        if (error === undefined) resolve();
        else reject(asError(error));
      });
    });
  }

  const manualAcks = (stan: Stan) =>
    stan
      .subscriptionOptions()
      .setManualAckMode(true)
      .setAckWait(seconds(ackWaitSeconds))
      .setMaxInFlight(defaultMaxInFlight);

  function open(spec: SubscriptionSpec): Subscription {
    // The broker redelivers what takes longer to another process anyway.
    const subscription = new NatsSubscription(connection, spec, seconds(ackWaitSeconds));
    subscriptions.add(subscription);
    if (connection.accepted) subscription.join(connection.accepted);
    return {
      close: async () => {
        await subscription.close();
        subscriptions.delete(subscription);
      },
    };
  }

  return {
    get isConnected() {
      return connection.isConnected;
    },

    publish: async (subject, bytes) => {
      await failpoint(`${name}.publish.before`);
      await publishing.run(() => store(subject, bytes));
      await failpoint(`${name}.publish.after`);
    },

    subscribe: (subject, handle) =>
      open({
        subject,
        subscribe: (stan) =>
          stan.subscribe(subject, name, manualAcks(stan).setDurableName(name).setDeliverAllAvailable()),
        consume: async (message, acknowledge) => {
          await handle(message);
          await failpoint(`${name}.ack.before`);
          acknowledge();
          await failpoint(`${name}.ack.after`);
        },
      }),

    undeliveredMs: async (subject) => backlog?.undeliveredMs(subject),

    storedBytes: async () => backlog?.storedBytes(),

    watch: (subject, handle) =>
      open({
        subject,
        subscribe: (stan) => stan.subscribe(subject, manualAcks(stan)),
        consume: async (message, acknowledge) => {
          acknowledge();
          handle(message);
        },
      }),

    logs: [
      {
        broker: "nats-streaming",
        read: (subject, { after = 0 } = {}) => new NatsLog(connection, open, subject, options).read(after),
      },
    ],

    close: async () => {
      await closeAll(subscriptions);
      await connection.close();
    },
  };
}
