import { minutes } from "./clock";
import { isVersionError } from "./errors";
import { logger } from "./logger";

/** Work that is repeated for as long as the service runs, to finish whatever was left half-way. */
export interface Sweep {
  run(): Promise<void>;
  /** Runs it at once, or again if it is running now; does nothing while the service is not running. */
  kick(): void;
  start(): void;
  /** Resolves when the run under way is over. */
  stop(): Promise<void>;
}

const longestPauseAfterFailure = minutes(1);

/**
 * Runs at the start, and then `milliseconds` after each run has ended; one that fails is logged and repeated within a
 * minute, however rare the sweep is.
 */
export function every(milliseconds: number, run: () => Promise<void>): Sweep {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
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
    running = run()
      .catch((error: unknown) => {
        logger.warn({ err: error, sweep: run.name }, "a sweep failed and will be repeated");
        pause = Math.min(pause, longestPauseAfterFailure);
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
      isStarted = true;
      kick();
    },
    stop: async () => {
      isStarted = false;
      clearTimeout(timer);
      await running;
    },
  };
}

/**
 * Does `work` on each document by itself: one that fails does not hold up the others, and one that somebody else
 * changed in the meantime is theirs.
 */
export async function each<T>(
  documents: AsyncIterable<T>,
  work: (document: T) => Promise<void>,
): Promise<void> {
  for await (const document of documents) {
    try {
      await work(document);
    } catch (error) {
      if (!isVersionError(error))
        logger.warn({ err: error }, "one document of a sweep failed and will be repeated");
    }
  }
}

/** Repeats `work` from its beginning, so from a fresh load, for as long as it loses the race for its document. */
export async function untilCurrent<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isVersionError(error)) throw error;
    }
  }
}
