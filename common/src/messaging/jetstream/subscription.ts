import { setTimeout as delay } from "node:timers/promises";
import {
  type Msg,
  type NatsConnection,
  type Subscription as Inbox,
  createInbox,
  nanos,
} from "@nats-io/transport-node";
import { seconds } from "../../base/clock";
import { logger } from "../../base/logger";
import { withTimeout } from "../../base/with-timeout";
import type { Subject } from "../../contract/events";
import type { Message, Subscription } from "../event-bus";
import type { Connected, JetStreamConnection } from "./connection";
import { durableOf, ensureDurable, maxInFlight, streamName } from "./stream";

// https://docs.nats.io/reference/reference-protocols/nats_api_reference
const heartbeat = 100;
const expired = 408;

/** How long one request for messages lasts, and how often the broker says meanwhile that it still has it. */
const expiresMs = seconds(5);
const heartbeatMs = seconds(1);
const retryMs = 250;
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
 * A member of a service's durable consumer. It asks for as many messages as it can handle now, one request after
 * another, and creates the consumer anew after every failure: the broker may have lost it. The client's own `consume()`
 * does neither, and may stall after an outage.
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

  /** What was requested on this connection does not come any more. */
  disconnected(error: Error): void {
    this.interrupt(error);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { subject, ackWaitSeconds } = this.options;
    // What is on its way arrives first, and is handed back.
    if (this.inbox && this.connection.isConnected)
      await withTimeout(this.inbox.drain(), seconds(2)).catch(() => {});
    this.interrupt(new Error("the subscription is closed"));
    // What takes longer is delivered to another process anyway.
    await withTimeout(Promise.all(this.running), seconds(ackWaitSeconds)).catch((error: unknown) => {
      logger.warn(
        { err: error, subject, messages: this.running.size },
        "left messages to be delivered again",
      );
    });
  }

  private async pullUntilClosed(): Promise<void> {
    const { name, subject, ackWaitSeconds } = this.options;
    while (!this.isClosed) {
      const made = await this.connection.established();
      if (!made) return;
      try {
        await ensureDurable(made.manager, name, subject, ackWaitSeconds);
        while (!this.isClosed) {
          if (this.running.size < maxInFlight) await this.pull(made, maxInFlight - this.running.size);
          else await Promise.race(this.running);
        }
      } catch (error) {
        if (this.isClosed) return;
        logger.warn({ err: error, subject }, "joins the group of a subject again");
        await delay(retryMs);
      }
    }
  }

  /** Resolves when so many messages came or the request expired; rejects when the broker does not have it any more. */
  private async pull({ client }: Connected, batch: number): Promise<void> {
    const { name, subject } = this.options;
    let missing = batch;
    let settle: { resolve: () => void; reject: (error: Error) => void };
    const ended = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    this.interrupt = (error) => settle.reject(error);
    const silence = setTimeout(() => this.interrupt(new Error("the broker is silent")), 2.5 * heartbeatMs);
    const inbox = client.subscribe(createInbox(), {
      callback: (error, message) => {
        silence.refresh();
        const { code = 0, description = "" } = message?.headers ?? {};
        if (error) return settle.reject(error);
        if (code === heartbeat) return;
        if (code === expired) return settle.resolve();
        if (code > 0) return settle.reject(new Error(`${code} ${description}`));
        this.take(message, client);
        missing -= 1;
        if (missing === 0) settle.resolve();
      },
    });
    this.inbox = inbox;
    const request = { batch, expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) };
    const next = `$JS.API.CONSUMER.MSG.NEXT.${streamName}.${durableOf(name, subject)}`;
    client.publish(next, JSON.stringify(request), { reply: inbox.getSubject() });
    try {
      await ended;
    } finally {
      clearTimeout(silence);
      this.inbox = undefined;
      inbox.drain().catch(() => {}); // what is on its way still arrives
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
      await consume({ subject, bytes, redeliveries }, () => respond("+ACK"));
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
