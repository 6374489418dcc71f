import { randomBytes } from "node:crypto";
import { backoffMs } from "./backoff";
import { clock, minutes } from "./clock";
import { isVersionError } from "../contract/errors";
import { logger } from "./logger";
import { settings, wholeNumber } from "./settings";

const config = settings({
  /** How many documents one run of a sweep works on at once. */
  SWEEP_CONCURRENCY: wholeNumber().default(4),
});

/**
 * Periodic work that finishes what a crash or an outage left unfinished.
 * @example
 * const kickAll = (sweeps: Sweep[]) => sweeps.forEach((sweep) => sweep.kick());
 */
export interface Sweep {
  run(signal?: AbortSignal): Promise<void>;
  /** Runs it immediately, or again if it is running now; does nothing while the service is not running. */
  kick(): void;
  start(): void;
  /** Aborts the signal of the current run; resolves when that has ended. */
  stop(): Promise<void>;
}

const maxPauseAfterFailure = minutes(1);

/**
 * Runs at startup, and then `milliseconds` after each run has ended. A failed run is logged and retried within a
 * minute, even if the interval is longer.
 * @param run should pass its signal on to `forEachDocument`, so that a process that stops does not wait for the whole
 * run
 * @example
 * async function withdraw(each: InstanceType<typeof Ticket>) {
 *   each.withdraw();
 *   await each.save();
 * }
 * const withdrawOldTickets = runPeriodically(minutes(5), async (signal) => {
 *   const old = Ticket.find({ withdrawn: false }).cursor();
 *   await forEachDocument(old, withdraw, signal);
 * });
 * startService({ name: "tickets", store: { database }, sweeps: [withdrawOldTickets] });
 */
export function runPeriodically(milliseconds: number, run: Sweep["run"]): Sweep {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopping = new AbortController();
  let isStarted = false;
  let again = false;

  const kick = () => {
    if (!isStarted) return;
    if (running) {
      again = true;
      return;
    }
    clearTimeout(timer);
    again = false;
    let pause = milliseconds;
    const { signal } = stopping;
    running = run(signal)
      .catch((error: unknown) => {
        if (signal.aborted && error === signal.reason) return;
        logger.warn({ err: error, sweep: run.name }, "a sweep failed and will be retried");
        pause = Math.min(pause, maxPauseAfterFailure);
      })
      .finally(() => {
        running = undefined;
        if (again) kick();
        else if (isStarted) timer = setTimeout(kick, pause);
      });
  };

  return {
    run,
    kick,
    start: () => {
      stopping = new AbortController();
      isStarted = true;
      kick();
    },
    stop: async () => {
      isStarted = false;
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

/** Bounds what a run holds in memory; the driver's first batch has as many. */
const maxDocumentsInMemory = 100;

/**
 * Does `work` on each document independently: one that fails does not delay the others, and one that has changed in
 * the meantime is skipped. Works on `SWEEP_CONCURRENCY` documents at once and in random order, so that several
 * processes with the same documents do not all begin with the same ones.
 * @param signal ends it between two documents
 * @throws the reason of the signal when that ended it; whatever reading the documents throws
 * @example
 * import { Readable } from "node:stream";
 *
 * const titles: string[] = [];
 * await forEachDocument(Readable.from([ticket]), async ({ title }) => void titles.push(title));
 * titles; // => ["Chamber music"]
 */
export async function forEachDocument<T>(
  documents: AsyncIterable<T> & { close?: () => Promise<unknown> },
  work: (document: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let loaded: T[] = [];
  try {
    for await (const document of documents) {
      signal?.throwIfAborted();
      loaded.push(document);
      if (loaded.length < maxDocumentsInMemory) continue;
      await workOn(loaded, work, signal);
      loaded = [];
    }
    await workOn(loaded, work, signal);
  } finally {
    if (signal?.aborted) await documents.close?.(); // leaving the loop does not close a cursor of mongoose
  }
}

async function workOn<T>(
  documents: T[],
  work: (document: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = shuffled(documents).values(); // one shared iterator: each document is processed once
  const workOnNext = async () => {
    for (const document of waiting) {
      if (signal?.aborted) return;
      try {
        await work(document);
      } catch (error) {
        if (!isVersionError(error))
          logger.warn({ err: error }, "one document of a sweep failed and will be retried");
      }
    }
  };
  await Promise.all(Array.from({ length: config.SWEEP_CONCURRENCY }, workOnNext));
  signal?.throwIfAborted();
}

/** In a random order. By random bytes, not by `Math.random()`: a simulation makes them from its seed. */
export function shuffled<T>(items: T[]): T[] {
  const places = items.map((item) => ({ item, place: randomBytes(4).readUInt32BE() }));
  return places.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
}

const maxAttempts = 10;

/**
 * Retries `work`, including its load, while it loses the race for its document: first without a pause, then with an
 * exponential backoff.
 * @throws the version error after ten attempts. Listeners and sweeps try again later; a request gets 409.
 * @example
 * await retryOnConflict(async () => {
 *   const found = await Ticket.findById(ticket.id).orFail();
 *   found.withdraw();
 *   await found.save();
 * });
 */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isVersionError(error) || attempt === maxAttempts) throw error;
    }
    if (attempt > 1) await clock.wait(backoffMs(attempt - 1, { firstMs: 4, maxMs: 500 }));
  }
}
