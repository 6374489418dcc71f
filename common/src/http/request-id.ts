import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The caller's X-Request-Id if it is safe to log (1 to 64 letters, digits, "-" or "_"), else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}
