import { Histogram } from "prom-client";

export const expirationDelay = new Histogram({
  name: "expiration_delay_seconds",
  help: "From the end of a reservation to the broker having stored that it ended",
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
});
