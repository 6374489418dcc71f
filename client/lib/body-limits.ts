import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type IncomingMessage, STATUS_CODES, type ServerResponse } from "node:http";

export interface BodyLimits {
  maxBytes: number;
  maxMs: number;
}

/** How long the rest of a rejected body is read and dropped: closing the connection earlier would reset it. */
const lingerMs = 1_000;

/**
 * Rejects request bodies that are too large (413) or take too long (408). Next has no such limits: before `proxy.ts` runs,
 * it collects up to 10 MB and waits for the end of the body.
 * @returns a function that ends the limits, which hold for all servers of the process
 */
export function limitBodies(limits: BodyLimits): () => void {
  const onRequest = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
    if (length !== "0" || encoding !== undefined) limitBody(request, response, Number(length), limits);
  };
  subscribe("http.server.request.start", onRequest);
  return () => void unsubscribe("http.server.request.start", onRequest);
}

function limitBody(
  request: IncomingMessage,
  response: ServerResponse,
  announced: number,
  { maxBytes, maxMs }: BodyLimits,
): void {
  const { socket } = request;
  const push = request.push.bind(request);
  let size = 0;
  let isRejected = false;

  /** Bypasses Next, which treats this as a client that disconnected. */
  function reject(status: 408 | 413): void {
    isRejected = true;
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    if (response.headersSent) socket.end();
    else socket.end(head);
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }

  // The only place to count without reading the body before Next does.
  request.push = (chunk: Buffer | null, encoding) => {
    size += chunk?.length ?? 0;
    if (!isRejected && size > maxBytes) reject(413);
    return isRejected || push(chunk, encoding);
  };
  const timer = setTimeout(() => {
    if (!request.complete && !isRejected) reject(408);
  }, maxMs).unref();
  response.once("close", () => clearTimeout(timer));
  if (announced > maxBytes) reject(413);
}
