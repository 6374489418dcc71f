import type { Stan } from "node-nats-streaming";
import { seconds } from "../../base/clock";
import type { Subject } from "../../contract/events";
import { logger } from "../../base/logger";
import { type LoggedMessage, logBatchSize } from "../event-bus";
import type { NatsConnection } from "./connection";
import type { NatsSubscription, SubscriptionSpec } from "./subscription";

export interface NatsLogOptions {
  /** After this long without a message, although the broker has more, reading fails. */
  maxSilenceMs?: number;
  /** A channel is considered empty after this long without its last message, which the broker would send every second. */
  emptyAfterMs?: number;
}

interface Received {
  sequence: number;
  bytes: Buffer;
  acknowledge: () => void;
}

/**
 * Reads a channel from after a sequence up to the message that is its last one at the beginning, whatever is published
 * meanwhile. It uses its own subscriptions: no group's position changes, and the broker keeps no state.
 */
export class NatsLog {
  private readonly maxSilenceMs: number;
  private readonly emptyAfterMs: number;
  private wake = () => {};

  constructor(
    private readonly connection: Pick<NatsConnection, "isConnected" | "isAlive">,
    private readonly open: (spec: SubscriptionSpec) => Pick<NatsSubscription, "close">,
    private readonly subject: Subject,
    { maxSilenceMs = seconds(60), emptyAfterMs = seconds(5) }: NatsLogOptions,
  ) {
    this.maxSilenceMs = maxSilenceMs;
    this.emptyAfterMs = emptyAfterMs;
  }

  async *read(after: number): AsyncGenerator<LoggedMessage[]> {
    const last = await this.lastSequence();
    if (last === 0) logger.warn({ subject: this.subject }, "the broker's log of this channel is empty");
    let done = after > last ? 0 : after; // a position behind the end is one in a log that was lost since
    const received: Received[] = [];
    let isBroken = false;
    /** The first sequence after `done`, according to a subscription that began there. */
    let afterGap: number | undefined;

    const subscribe = () => {
      let next = done + 1;
      let isFirst = true;
      let isOver = false;
      return this.open({
        subject: this.subject,
        maxInFlight: 2 * logBatchSize, // handling only queues a message, and the broker sends at most half as many
        subscribe: (stan) => {
          isFirst = true;
          return stan.subscribe(this.subject, this.options(stan).setStartAtSequence(next));
        },
        consume: async ({ sequence, bytes }, acknowledge) => {
          if (isOver) return;
          // A message may be lost on a connection that breaks; it is redelivered, after later ones. A gap is in the log,
          // not in transit, if two subscriptions that start before it both continue after it.
          if (sequence <= done) acknowledge();
          else if (sequence < next)
            return; // its first copy waits in `received`
          else if (sequence === next || (isFirst && sequence === afterGap)) {
            if (sequence > next)
              logger.warn(
                { subject: this.subject, from: next, to: sequence - 1 },
                "the broker's log has a gap",
              );
            next = sequence + 1;
            received.push({ sequence, bytes, acknowledge });
          } else {
            afterGap = isFirst ? sequence : undefined;
            isOver = true;
            isBroken = true;
          }
          isFirst = false;
          this.wake();
        },
      });
    };

    let subscription = subscribe();
    try {
      while (done < last) {
        if (received.length === 0 && isBroken) {
          isBroken = false;
          await subscription.close();
          subscription = subscribe();
        }
        const hasMessages =
          received.length > 0 || isBroken || (await this.somethingWithin(this.maxSilenceMs));
        if (!hasMessages) throw this.silence(`after message ${done} of ${last}`);
        const batch = received.splice(0, logBatchSize);
        if (batch.length === 0) continue;
        done = batch.at(-1)?.sequence ?? done;
        for (const { acknowledge } of batch) acknowledge(); // requests the next batch while this one is handled
        yield batch
          .filter(({ sequence }) => sequence <= last)
          .map(({ sequence, bytes }) => ({ sequence, bytes }));
      }
    } finally {
      await subscription.close();
    }
  }

  /**
   * 0 when the channel is empty. The broker does not report this: it sends the last message, every second until it is
   * acknowledged, or nothing. So silence counts only on a connection that lasted from the broker's confirmation of the
   * subscription on, for several such seconds, and that the broker confirms to be alive at the end of them.
   */
  private async lastSequence(): Promise<number> {
    let last: number | undefined;
    let quietSince: number | undefined;
    const subscription = this.open({
      subject: this.subject,
      subscribe: (stan) => {
        quietSince = undefined;
        return stan.subscribe(
          this.subject,
          this.options(stan).setStartWithLastReceived().setMaxInFlight(1).setAckWait(seconds(1)),
        );
      },
      onReady: () => {
        quietSince = performance.now();
      },
      consume: async ({ sequence }, acknowledge) => {
        acknowledge();
        last ??= sequence;
        this.wake();
      },
    });
    try {
      const deadline = performance.now() + this.maxSilenceMs;
      while (performance.now() < deadline) {
        await this.somethingWithin(50);
        if (last !== undefined) return last;
        if (!this.connection.isConnected) quietSince &&= performance.now();
        const isQuiet = quietSince !== undefined && performance.now() - quietSince >= this.emptyAfterMs;
        if (isQuiet && (await this.connection.isAlive())) return last ?? 0;
      }
      throw this.silence("when the last message was requested");
    } finally {
      await subscription.close();
    }
  }

  private options(stan: Stan) {
    return stan
      .subscriptionOptions()
      .setManualAckMode(true)
      .setAckWait(seconds(10))
      .setMaxInFlight(logBatchSize);
  }

  /** Resolves with whether a message came. */
  private somethingWithin(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  private silence(where: string): Error {
    const seconds = this.maxSilenceMs / 1000;
    return new Error(
      `The broker sent nothing on ${this.subject} for ${seconds} s ${where}: check that it is running, and try again`,
    );
  }
}
