import { Counter } from "prom-client";

export type RefusalReason = "network" | "full" | "timeout";

export const refusedHashes = new Counter({
  name: "password_hashes_refused_total",
  help: "Sign-ins and sign-ups rejected by their queue: the network has used its share, the queue is full, or the request timed out",
  labelNames: ["queue", "reason"],
});

// Initialized with 0; otherwise, the first increment would not be visible as an increase.
for (const queue of ["sign_in", "sign_up"])
  for (const reason of ["network", "full", "timeout"] satisfies RefusalReason[])
    refusedHashes.inc({ queue, reason }, 0);
