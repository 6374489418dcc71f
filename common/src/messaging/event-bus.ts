import type { Subject } from "../contract/events";

/**
 * One delivery of a message.
 * @example
 * const isFirstDelivery = ({ redeliveries }: Message) => redeliveries === 0;
 * isFirstDelivery({ subject: "ticket:created", bytes: eventBytes("ticket:created", ticket), redeliveries: 0 }); // => true
 */
export interface Message {
  subject: Subject;
  /** The published bytes, not parsed yet. */
  bytes: Buffer;
  /** How often the message was delivered to the group before. */
  redeliveries: number;
  /** A bridge copied it from another broker. Missing if the broker stores no such mark. */
  isCopy?: boolean;
}

/**
 * The IDs of an event, which a broker may use without parsing it.
 * @example
 * import { randomUUID } from "node:crypto";
 *
 * const ids: EventIds = { id: randomUUID(), aggregateId: ticket.id };
 * await new MemoryBroker().connect("tickets").publish("ticket:created", eventBytes("ticket:created", ticket), ids);
 */
export interface EventIds {
  /** The same each time that the event is published: a broker may recognize and skip what it has already stored. */
  id: string;
  aggregateId: string;
  /** Marks a copy that a bridge made from another broker. */
  isCopy?: boolean;
}

/**
 * A message as the broker stores it.
 * @example
 * const lastOf = (batch: LoggedMessage[]) => batch.at(-1)?.sequence ?? 0;
 * lastOf([]); // => 0
 */
export interface LoggedMessage {
  /** Its position in the broker's log, above 0 and rising. */
  sequence: number;
  bytes: Buffer;
}

/** The maximum of messages in a batch of a log; the next batch may already be in memory. */
export const logBatchSize = 256;

/** What a broker has stored. */
export interface EventLog {
  /** Its name. Positions in logs of different brokers are unrelated. */
  broker: string;
  /**
   * Reads what a channel's log holds now, in its order, from after the position `after` on (0: from the beginning), and
   * ends there: it does not wait for what is published meanwhile. At most one batch is fetched in advance.
   * Continues after short outages of the broker.
   * @throws when the broker stays silent although it holds more
   */
  read(subject: Subject, options?: { after?: number }): AsyncIterable<LoggedMessage[]>;
}

/** Resolving acknowledges the message. Rejecting leaves it to be redelivered. */
export type MessageHandler = (message: Message) => Promise<void>;

/**
 * A member of a group, or a watcher.
 * @example
 * const bus: EventBus = new MemoryBroker().connect("orders");
 * const subscription: Subscription = bus.subscribe("ticket:created", async ({ bytes }) => logger.info(bytes));
 * await subscription.close();
 */
export interface Subscription {
  /**
   * Accepts no new messages. Resolves when those in progress are done, or when the broker will redeliver them anyway.
   * The group keeps its position.
   */
  close(): Promise<void>;
}

/** Closes them all at once. */
export async function closeAll(subscriptions: Iterable<Subscription>): Promise<void> {
  await Promise.all([...subscriptions].map((subscription) => subscription.close()));
}

/**
 * What EventHive requires of a broker. Every adapter passes the suite in `testing/event-bus-contract.ts`.
 *
 * Delivery is at least once, in any order. A bus belongs to one service: its name is the durable queue group that
 * `subscribe` joins, so each event reaches one process of each service.
 * @example
 * const bus: EventBus = new MemoryBroker().connect("tickets");
 * await bus.publish("ticket:created", eventBytes("ticket:created", ticket), newIds());
 * bus.isConnected; // => true
 */
export interface EventBus {
  /** False while the broker is unavailable; subscriptions are restored automatically. */
  readonly isConnected: boolean;
  /**
   * Resolves when the broker has stored the message. After a rejection, it may be stored all the same. While the
   * broker is unavailable it rejects at once, and nothing is kept to be sent later.
   */
  publish(subject: Subject, bytes: Buffer, ids: EventIds): Promise<void>;
  /**
   * Joins the service's durable group, which receives every event since the channel began. A member handles at most 64
   * at once. May be called before the broker is available.
   */
  subscribe(subject: Subject, handle: MessageHandler): Subscription;
  /**
   * How many milliseconds the oldest event that the service's durable group has not acknowledged has been in the
   * channel; 0 if there is none. If the broker reports no times, the adapter counts from the first call that found the
   * event.
   * @returns undefined without access to the broker's monitoring
   * @throws when the broker does not respond within two seconds
   */
  undeliveredMs(subject: Subject): Promise<number | undefined>;
  /**
   * The size of all messages that the broker has stored.
   * @returns undefined without access to the broker's monitoring
   * @throws when the broker does not respond within two seconds
   */
  storedBytes(): Promise<number | undefined>;
  /** Every process receives every new event, without storage or redelivery: for live pages. */
  watch(subject: Subject, handle: (message: Message) => void): Subscription;
  /** One, or several during a migration from one broker to another. */
  readonly logs: readonly EventLog[];
  /**
   * Closes the subscriptions and the connection; the service's durable groups stay. Waits for handlers until the broker
   * redelivers their messages, and for the broker at most two seconds.
   */
  close(): Promise<void>;
}
