import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";

const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Who asked is what this edge saw, whatever the client claims. */
export function headersForBackend(req: IncomingMessage, requestId: string): OutgoingHttpHeaders {
  const { expect: _answeredHere, forwarded: _forgeable, ...headers } = withoutHopByHop(req.headers);
  return {
    ...headers,
    "x-forwarded-for": req.socket.remoteAddress ?? "", // none once the client has gone
    "x-forwarded-proto": "http",
    "x-forwarded-host": req.headers.host ?? "", // none in HTTP/1.0
    "x-request-id": requestId,
    // Node frames only the bodies it expects: that of a chunked DELETE would go out without an end.
    ...("transfer-encoding" in req.headers && { "transfer-encoding": "chunked" }),
  };
}

export function headersForClient(response: IncomingMessage): OutgoingHttpHeaders {
  return withoutHopByHop(response.headers);
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = headers.connection?.toLowerCase().split(/\s*,\s*/) ?? [];
  const dropped = new Set([...hopByHop, ...named]);
  dropped.delete("content-length"); // framing is never for the sender to have removed
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
