import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/**
 * Sends each request whose path cannot be decoded to the route `/malformed`: Next would answer 500 before any code of
 * ours, `proxy.ts` included, has seen it.
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
