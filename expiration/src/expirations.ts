import {
  backoffMs,
  StoreUnavailableError,
  type Worker,
  clock,
  failpoint,
  logger,
  publisher,
  seconds,
  withContext,
  withTimeout,
} from "@eventhive/common";
import Queue from "bull";
import { config } from "./config";
import { expirationDelay } from "./metrics";
import { redisOptions } from "./redis";

export const expirationComplete = publisher("expiration:complete");

interface Expiration {
  orderId: string;
  /** Missing in jobs of older versions. */
  expiresAt?: string;
  traceparent?: string;
}

let queue: Queue.Queue<Expiration> | undefined;

function expirations(): Queue.Queue<Expiration> {
  if (queue) return queue;
  queue = new Queue("order-expirations", config.REDIS_URL, {
    redis: redisOptions,
    settings: {
      // A killed worker leaves its job locked: lets another one take it soon, any number of times.
      lockDuration: seconds(10),
      stalledInterval: seconds(5),
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      backoffStrategies: {
        capped: (attempts: number) => backoffMs(attempts, { firstMs: 200, maxMs: seconds(5) }),
      },
    },
  });
  queue.on("error", (error) => logger.warn({ err: error }, "the expiration queue is unavailable"));
  return queue;
}

let pending = 0;

/**
 * Bull and ioredis queue commands while Redis is unavailable, and each redelivery queues them again: this is
 * limited here.
 * @throws StoreUnavailableError when Redis has not responded within 5 s, or when too many timers already wait for it
 */
async function withRedis<T>(work: () => Promise<T>): Promise<T> {
  if (pending >= config.MAX_PENDING_TIMERS)
    throw new StoreUnavailableError(`Redis is unavailable, and ${pending} timers wait for it already`);
  pending++;
  const result = work().finally(() => pending--);
  return withTimeout(result, seconds(5));
}

/**
 * Schedules `expiration:complete` for an order. The job's id is the order's, so it is one job however often it is
 * scheduled; it lasts until the broker has stored the event, and leaves nothing that would block its id.
 * @throws StoreUnavailableError when Redis is unavailable
 */
export async function scheduleExpiration(expiration: Expiration & { expiresAt: string }): Promise<void> {
  await failpoint("expiration.schedule.before");
  await withRedis(() =>
    expirations().add(expiration, {
      jobId: expiration.orderId,
      delay: Math.max(0, Date.parse(expiration.expiresAt) - clock.now()),
      attempts: Number.MAX_SAFE_INTEGER,
      backoff: { type: "capped" },
      stackTraceLimit: 1, // else each attempt while the broker is unavailable adds one
      removeOnComplete: true,
      removeOnFail: true,
    }),
  );
  await failpoint("expiration.schedule.after");
}

/**
 * Removes the timer of an order that has ended. If the events arrive in the opposite order, the timer that is
 * scheduled afterwards stays; it publishes an event that orders ignores, and is then removed.
 * @throws StoreUnavailableError when Redis is unavailable
 */
export const removeExpiration = (orderId: string): Promise<void> =>
  withRedis(async () => {
    const job = await expirations().getJob(orderId);
    if (!job) return;
    try {
      await job.remove();
    } catch (error) {
      if (!(await job.isActive())) throw error; // being published at this moment: it removes itself
    }
  });

const maxConcurrency = 32;

/** Publishes due expirations. */
export const expirationWorker: Worker = {
  start: () => {
    expirations()
      .process(maxConcurrency, async ({ data: { orderId, expiresAt, traceparent } }) => {
        const expire = () => expirationComplete.publish(orderId, { orderId });
        await withContext({ traceparent }, expire, { name: "expire an order", kind: "CONSUMER" });
        if (expiresAt) expirationDelay.observe((clock.now() - Date.parse(expiresAt)) / 1000);
      })
      .catch((error: unknown) => logger.error({ err: error }, "the expiration worker stopped"));
  },
  stop: async () => {
    // Waits until Redis has stored the end of each job in progress. Another worker takes the rest.
    await withTimeout(expirations().close(), seconds(5)).catch((error: unknown) => {
      logger.warn({ err: error }, "stopped before all timers in progress were done");
    });
  },
};
