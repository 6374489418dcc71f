import { Histogram } from "prom-client";

export const expirationDelay = new Histogram({
  name: "expiration_delay_seconds",
  help: "Time from the end of a reservation until the broker has stored its event",
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
});
