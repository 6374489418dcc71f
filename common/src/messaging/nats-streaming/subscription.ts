import type { Stan, Message as StanMessage, Subscription as StanSubscription } from "node-nats-streaming";
import type { Subject } from "../../contract/events";
import { withTimeout } from "../../base/with-timeout";
import { logger } from "../../base/logger";
import type { Message, Subscription } from "../event-bus";
import type { NatsConnection } from "./connection";

export const defaultMaxInFlight = 64;

export interface SubscriptionSpec {
  subject: Subject;
  subscribe: (stan: Stan) => StanSubscription;
  /** How many messages are handled at once; others are ignored, and redelivered. 64 by default. */
  maxInFlight?: number;
  /** Called when the broker has confirmed the subscription, on each connection again. */
  onReady?: () => void;
  /** `sequence` is the message's position in its channel, from 1. */
  consume: (message: Message & { sequence: number }, acknowledge: () => void) => Promise<void>;
}

/** A subscription that is renewed on each new connection. */
export class NatsSubscription implements Subscription {
  private readonly running = new Set<Promise<void>>();
  private joined: { stan: Stan; subscription: StanSubscription } | undefined;
  private isClosed = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly spec: SubscriptionSpec,
    private readonly maxCloseMs: number,
  ) {}

  join(stan: Stan): void {
    if (this.isClosed) return;
    const subscription = this.spec.subscribe(stan);
    // An acknowledgement needs the address that comes with `ready`: what arrives sooner has to wait for it.
    const ready = new Promise<void>((resolve) => subscription.once("ready", resolve));
    subscription.once("ready", () => {
      this.joined = { stan, subscription };
      this.spec.onReady?.();
      if (this.isClosed) this.leave();
    });
    subscription.on("message", (message: StanMessage) => void ready.then(() => this.take(message)));
    for (const failure of ["error", "timeout"]) {
      subscription.on(failure, (error: unknown) => {
        if (this.isClosed)
          logger.debug({ err: error }, "the broker did not confirm the end of a subscription");
        else this.connection.abandon(stan, error); // the client does not retry, and reports nothing more
      });
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await withTimeout(Promise.all(this.running), this.maxCloseMs).catch((error: unknown) => {
      const { subject } = this.spec;
      logger.warn(
        { err: error, subject, messages: this.running.size },
        "closed with unacknowledged messages; the broker will redeliver them",
      );
    });
    this.leave();
  }

  /** After the last acknowledgement: the client drops those of a closed subscription. */
  private leave(): void {
    if (this.joined?.stan === this.connection.accepted) this.joined?.subscription.close();
    this.joined = undefined;
  }

  private take(message: StanMessage): void {
    // The broker may exceed its limit when it redelivers. It redelivers what is ignored, to this process or another.
    const { maxInFlight = defaultMaxInFlight } = this.spec;
    if (this.isClosed || this.running.size >= maxInFlight) return;
    const run = this.run(message).finally(() => this.running.delete(run));
    this.running.add(run);
  }

  private async run(message: StanMessage): Promise<void> {
    const { subject, consume } = this.spec;
    try {
      const redeliveries = message.getRedeliveryCount();
      const [bytes, sequence] = [message.getRawData(), message.getSequence()];
      await consume({ subject, bytes, redeliveries, sequence }, () => message.ack());
    } catch (error) {
      logger.debug({ err: error, subject }, "a message was not handled");
    }
  }
}
