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

/** The client's address and protocol as seen here. Values sent by the client are replaced. */
export function headersForBackend(req: IncomingMessage, requestId: string): OutgoingHttpHeaders {
  const { expect: _answeredHere, forwarded: _forgeable, ...headers } = withoutHopByHop(req.headers);
  return {
    ...headers,
    "x-forwarded-for": req.socket.remoteAddress ?? "", // undefined after a disconnect
    "x-forwarded-proto": "http",
    "x-forwarded-host": req.headers.host ?? "", // undefined in HTTP/1.0
    "x-request-id": requestId,
    // Node does not frame bodies of DELETE by default: a chunked one would be sent without an end.
    ...("transfer-encoding" in req.headers && { "transfer-encoding": "chunked" }),
  };
}

export function headersForClient(response: IncomingMessage): OutgoingHttpHeaders {
  return withoutHopByHop(response.headers);
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = headers.connection?.toLowerCase().split(/\s*,\s*/) ?? [];
  const dropped = new Set([...hopByHop, ...named]);
  dropped.delete("content-length"); // a Connection header must not remove the framing
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
