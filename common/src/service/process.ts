import { seconds } from "../base/clock";
import { logger } from "../base/logger";
import { durationInSeconds, settings, wholeNumber } from "../base/settings";

/** Settings of every process. */
export const config = settings({
  PORT: wholeNumber().max(65535, "must be at most 65535").default(3000),
  /**
   * How long a shutdown may take. Above the sum of its phases: 21.5 s for the slowest request, a payment that
   * waits for its decision, 7 s for what `Runtime.stop` does after that, and 2 s for traces.
   */
  SHUTDOWN_TIMEOUT: durationInSeconds().default(32),
});

/** Exits 0 after an orderly stop on SIGTERM or SIGINT; 1 when it fails, or takes longer than `SHUTDOWN_TIMEOUT`. */
export function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = (signal: string) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, "stopping");
    setTimeout(() => {
      logger.error("could not shut down in time");
      process.exit(1);
    }, seconds(config.SHUTDOWN_TIMEOUT)).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "could not shut down gracefully");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}
