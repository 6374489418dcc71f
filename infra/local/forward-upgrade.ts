import { type IncomingMessage, request, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Backend } from "./backends";
import { headersForBackend, headersForClient } from "./forwarded-headers";
import { badGateway, gatewayTimeout, refuse, unavailable } from "./refuse";

const onlyGet = { status: 400, code: "bad-request", message: "Only a GET can request an upgrade" };

/** Connects a browser's WebSocket to a process. After the handshake, bytes are forwarded in both directions. */
export function forwardUpgrade(
  req: IncomingMessage,
  head: Buffer,
  requestId: string,
  maxResponseMs: number,
  backend?: Backend,
): void {
  const { socket } = req;
  socket.on("error", () => undefined); // no other listener is attached now; "close" is emitted too
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => socket.end());
  if (req.method !== "GET") return refuse(res, requestId, onlyGet); // a body cannot be read here
  if (!backend) return refuse(res, requestId, unavailable);

  const upgrade = { connection: "upgrade", upgrade: req.headers.upgrade };
  const headers = { ...headersForBackend(req, requestId), ...upgrade };
  const upstream = request(backend.url, { agent: false, path: req.url, headers }).end();
  const deadline = setTimeout(() => {
    refuse(res, requestId, gatewayTimeout);
    upstream.destroy();
  }, maxResponseMs);
  upstream.once("close", () => clearTimeout(deadline));
  socket.once("close", () => {
    if (!res.headersSent) upstream.destroy();
  });
  upstream.on("error", () => {
    if (!res.headersSent) refuse(res, requestId, badGateway);
  });
  upstream.once("response", (refusal) => {
    clearTimeout(deadline);
    res.writeHead(refusal.statusCode ?? 502, refusal.statusMessage ?? "", headersForClient(refusal));
    pipeline(refusal, res, () => undefined);
  });
  upstream.once("upgrade", (agreed, other, otherHead) => {
    const to = { connection: "upgrade", upgrade: agreed.headers.upgrade };
    res.writeHead(101, { ...headersForClient(agreed), ...to }).flushHeaders();
    res.detachSocket(socket);
    socket.write(otherHead);
    other.write(head);
    // The end or failure of one side is propagated to the other.
    pipeline(socket, other, () => undefined);
    pipeline(other, socket, () => undefined);
  });
}
