import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/**
 * Rewrites requests whose path cannot be decoded to `/malformed`: Next would respond with 500 before any of our code,
 * including `proxy.ts`, runs.
 */
export function rejectMalformedPaths(): void {
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    if (isMalformed(request.url ?? "/")) request.url = "/malformed";
  });
}

function isMalformed(url: string): boolean {
  const [path = ""] = url.split("?", 1);
  try {
    decodeURIComponent(path);
    return false;
  } catch {
    return true;
  }
}
