import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { backoffMs } from "../base/backoff";
import { clock, seconds } from "../base/clock";
import { withContext } from "../base/context";
import { isTransient, isVersionError } from "../contract/errors";
import { type Event, type EventData, type Subject, parseEvent } from "../contract/events";
import { logger } from "../base/logger";
import { metrics } from "../base/metrics";
import type { DeadLetters } from "./dead-letters";
import type { Message, MessageHandler } from "./event-bus";

/**
 * A listener of any subject, with a handler of bytes.
 * @example
 * const subjectsOf = (all: Listener[]) => all.map(({ subject }) => subject);
 * subjectsOf(listeners(["order:created", "order:cancelled"], async () => {})); // => ["order:created", "order:cancelled"]
 */
export interface Listener<S extends Subject = Subject> {
  subject: S;
  read(bytes: Buffer): Event;
  handle(bytes: Buffer): Promise<void>;
}

/**
 * Defines what a service does on an event. Returning means done; throwing means not done: it is retried, and finally
 * kept as a dead letter. `handle` sees every event at least once and in any order, so it must be idempotent.
 * @example
 * const expirationComplete = listener("expiration:complete", async ({ orderId }) => {
 *   logger.info({ orderId }, "the reservation has expired");
 * });
 * await deliver(expirationComplete, { orderId: newId() });
 */
export function listener<S extends Subject>(
  subject: S,
  handle: (data: EventData<S>, event: Event<S>) => Promise<void>,
): Listener<S> {
  const read = (bytes: Buffer) => parseEvent(subject, bytes);
  return {
    subject,
    read,
    handle: async (bytes) => {
      const event = read(bytes);
      await handle(event.data, event);
    },
  };
}

/**
 * One listener for each of these subjects, in their order, with the same handler.
 * @example
 * const [created, updated] = listeners(["ticket:created", "ticket:updated"], async ({ title }) => {
 *   logger.info({ title }, "received a ticket");
 * });
 * startService({ name: "search", store: { database }, listeners: [created, updated] });
 */
export function listeners<const S extends readonly Subject[]>(
  subjects: S,
  handle: (data: EventData<S[number]>) => Promise<void>,
): { [Index in keyof S]: Listener<S[Index]> } {
  return subjects.map((subject) => listener<S[number]>(subject, handle)) as never;
}

interface ConsumeOptions {
  giveUpAfterMs?: number;
  /** Of the listener's store. */
  elections?: (() => number) | undefined;
}

const maxAttempts = 3;
const backoff = { firstMs: 200, maxMs: seconds(1) };
// The last attempt begins at most a pause later, and may take as long as an operation of the database: together that is
// below the broker's ack wait of 10 s.
const retryWindow = seconds(4);

/**
 * Turns a listener into a handler for the bus. Poison (malformed JSON, another schema, or three failures) becomes a dead
 * letter and is acknowledged, so that it does not block other messages. When a store is unavailable, or a save lost a
 * race, it retries for some seconds and then leaves the message to be redelivered.
 *
 * A message that was handled on two primaries is handled again. Until its first write, a new one does not know what the
 * majority has, so its reads may miss what the handler has just written on the old one.
 */
export function consume(
  listener: Listener,
  deadLetters: DeadLetters,
  { giveUpAfterMs = retryWindow, elections = () => 0 }: ConsumeOptions = {},
): MessageHandler {
  // Initialized with 0; otherwise, the first increment would not be visible as an increase.
  for (const outcome of ["done", "left", "deadLettered"])
    metrics.eventsConsumed.inc({ subject: listener.subject, outcome }, 0);

  return async (message) => {
    if (message.redeliveries > 0) metrics.eventsRedelivered.inc({ subject: message.subject });
    let event: Event;
    try {
      event = listener.read(message.bytes);
    } catch (error) {
      await keep(message, error, 1);
      return;
    }
    metrics.eventLag.observe({ subject: message.subject }, (clock.now() - Date.parse(event.time)) / 1000);
    const context = { traceparent: event.traceparent, eventId: event.id };
    await withContext(context, (span) => handle(message, event, span), {
      name: `handle ${message.subject}`,
      kind: "CONSUMER",
      attributes: {
        "messaging.destination.name": message.subject,
        "messaging.message.id": event.id,
        redeliveries: message.redeliveries,
      },
    });
  };

  async function handle(message: Message, event: Event, span?: Span): Promise<void> {
    const started = performance.now();
    let refusals = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        let electionsBefore: number;
        do {
          electionsBefore = elections();
          await listener.handle(message.bytes);
        } while (elections() !== electionsBefore);
        metrics.eventsConsumed.inc({ subject: message.subject, outcome: "done" });
        span?.setAttribute("outcome", "done");
        return;
      } catch (error) {
        if (isTransient(error) || isVersionError(error)) {
          if (performance.now() - started > giveUpAfterMs) {
            metrics.eventsConsumed.inc({ subject: message.subject, outcome: "left" });
            span?.setAttribute("outcome", "left");
            logger.warn(
              { err: error, subject: message.subject },
              "could not handle an event; the broker will redeliver it",
            );
            throw error;
          }
        } else if (++refusals >= maxAttempts) {
          await keep(message, error, attempt, event.traceparent);
          span?.setAttribute("outcome", "deadLettered");
          span?.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
          return;
        }
        await clock.wait(backoffMs(attempt, backoff));
      }
    }
  }

  /** If the letter cannot be stored this throws, and the message is not acknowledged. */
  async function keep(
    message: Message,
    error: unknown,
    attempts: number,
    traceparent?: string,
  ): Promise<void> {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    await deadLetters.keep({ subject: message.subject, bytes: message.bytes, reason, attempts, traceparent });
    metrics.eventsConsumed.inc({ subject: message.subject, outcome: "deadLettered" });
    logger.error({ err: error, subject: message.subject }, "stored an event as a dead letter");
  }
}
