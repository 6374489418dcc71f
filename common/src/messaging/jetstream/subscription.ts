import { setTimeout as delay } from "node:timers/promises";
import {
  type Msg,
  type NatsConnection,
  type Subscription as Inbox,
  createInbox,
  nanos,
} from "@nats-io/transport-node";
import { backoffMs } from "../../base/backoff";
import { seconds } from "../../base/clock";
import { logger } from "../../base/logger";
import { withTimeout } from "../../base/with-timeout";
import type { Subject } from "../../contract/events";
import { durableOf, inboxPrefixOf, streamName } from "../../contract/jetstream-names";
import type { Message, Subscription } from "../event-bus";
import type { Connected, JetStreamConnection } from "./connection";
import { copyHeader, ensureDurable, maxInFlight } from "./stream";

// https://docs.nats.io/reference/reference-protocols/nats_api_reference
const heartbeat = 100;
const expired = 408;

/** How long the broker keeps a request for messages, and how often it confirms that. */
const expiresMs = seconds(5);
const heartbeatMs = seconds(1);
const backoff = { firstMs: 250, maxMs: seconds(5) };
/** After a rejection. */
const redeliveryDelayMs = seconds(1);

interface JetStreamSubscriptionOptions {
  /** The service. */
  name: string;
  subject: Subject;
  ackWaitSeconds: number;
  consume: (message: Message, acknowledge: () => void) => Promise<void>;
}

/**
 * A member of a service's durable consumer. It requests as many messages as it can handle now, one request after
 * another, and creates the consumer again after every failure, because the broker may have lost it. The client's own
 * `consume()` does not, and may stall after an outage.
 */
export class JetStreamSubscription implements Subscription {
  private readonly running = new Set<Promise<void>>();
  private isClosed = false;
  private inbox: Inbox | undefined;
  private interrupt: (error: Error) => void = () => {};

  constructor(
    private readonly connection: JetStreamConnection,
    private readonly options: JetStreamSubscriptionOptions,
  ) {
    void this.pullUntilClosed();
  }

  /** Ends the current request. */
  disconnected(error: Error): void {
    this.interrupt(error);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { subject, ackWaitSeconds } = this.options;
    // Messages in transit arrive first, and are returned.
    if (this.inbox && this.connection.isConnected)
      await withTimeout(this.inbox.drain(), seconds(2)).catch(() => {});
    this.interrupt(new Error("the subscription is closed"));
    // After the ack wait, the broker redelivers to another process anyway.
    await withTimeout(Promise.all(this.running), seconds(ackWaitSeconds)).catch((error: unknown) => {
      logger.warn(
        { err: error, subject, messages: this.running.size },
        "closed with unacknowledged messages; the broker will redeliver them",
      );
    });
  }

  private async pullUntilClosed(): Promise<void> {
    const { name, subject, ackWaitSeconds } = this.options;
    for (let failures = 1; !this.isClosed; failures += 1) {
      const made = await this.connection.established();
      if (!made) return;
      try {
        await ensureDurable(made, name, subject, ackWaitSeconds);
        while (!this.isClosed) {
          if (this.running.size < maxInFlight) await this.pull(made, maxInFlight - this.running.size);
          else await Promise.race(this.running);
          failures = 1;
        }
      } catch (error) {
        if (this.isClosed) return;
        const retryMs = backoffMs(failures, backoff);
        if (this.connection.isConnected)
          logger.warn({ err: error, subject, retryMs }, "cannot receive messages");
        await delay(retryMs);
      }
    }
  }

  /** Resolves after this many messages or when the request expires; rejects when the broker has lost the request. */
  private async pull({ client }: Connected, batch: number): Promise<void> {
    const { name, subject } = this.options;
    let missing = batch;
    let settle: { resolve: () => void; reject: (error: Error) => void };
    const ended = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    this.interrupt = (error) => settle.reject(error);
    const silence = setTimeout(
      () => this.interrupt(new Error("no heartbeat from the broker")),
      2.5 * heartbeatMs,
    );
    const receive = (error: Error | null, message: Msg) => {
      silence.refresh();
      const { code = 0, description = "" } = message?.headers ?? {};
      if (error) return settle.reject(error);
      if (code === heartbeat) return;
      if (code === expired) return settle.resolve();
      if (code > 0) return settle.reject(new Error(`${code} ${description}`));
      this.take(message, client);
      missing -= 1;
      if (missing === 0) settle.resolve();
    };
    try {
      this.inbox = client.subscribe(createInbox(inboxPrefixOf(name)), { callback: receive });
      const request = { batch, expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) };
      const next = `$JS.API.CONSUMER.MSG.NEXT.${streamName}.${durableOf(name, subject)}`;
      client.publish(next, JSON.stringify(request), { reply: this.inbox.getSubject() });
      await ended;
    } finally {
      clearTimeout(silence);
      this.inbox?.drain().catch(() => {}); // messages in transit still arrive
      this.inbox = undefined;
    }
  }

  private take(message: Msg, client: NatsConnection): void {
    const respond = (text: string) => {
      if (!client.isClosed()) message.respond(text);
    };
    if (this.isClosed || this.running.size >= maxInFlight) return respond("-NAK");
    const run = this.run(message, respond).finally(() => this.running.delete(run));
    this.running.add(run);
  }

  private async run(message: Msg, respond: (text: string) => void): Promise<void> {
    const { subject, consume } = this.options;
    try {
      const redeliveries = deliveriesOf(message) - 1;
      const bytes = Buffer.from(message.data);
      const isCopy = message.headers?.has(copyHeader) ?? false;
      await consume({ subject, bytes, redeliveries, isCopy }, () => respond("+ACK"));
    } catch (error) {
      logger.debug({ err: error, subject }, "a message was not handled");
      respond(`-NAK {"delay":${nanos(redeliveryDelayMs)}}`);
    }
  }
}

/** From the address of the acknowledgement, `$JS.ACK.[domain.account.]stream.consumer.deliveries.…`. */
function deliveriesOf({ reply = "" }: Msg): number {
  const parts = reply.split(".");
  return Number(parts[parts.length > 9 ? 6 : 4]);
}
