import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Backend, Backends } from "./backends";
import { forwardUpgrade } from "./forward-upgrade";
import { headersForBackend, headersForClient } from "./forwarded-headers";
import {
  badGateway,
  badTarget,
  gatewayTimeout,
  methodNotAllowed,
  refuse,
  requestTimeout,
  tooLarge,
  unavailable,
} from "./refuse";
import { findService, type Route } from "./routes";

const maxBodyBytes = 1024 * 1024;
const eventStream = "text/event-stream";
const repeatable = ["GET", "HEAD", "OPTIONS", "DELETE"];

export interface GatewayOptions {
  port: number;
  routes: Route[];
  backends: Backend[];
  /** More than the longest response of a service: 20 s for a payment. */
  maxResponseMs?: number;
  /** Connections to one process, without streams. Requests beyond its capacity are queued here, which reduces latency. */
  maxConnections?: number;
  /** Pending requests of one process, including the queue. */
  maxPending?: number;
  /** Forwards WebSockets, which only `next dev` needs. Otherwise, upgrades are ignored. */
  forwardsUpgrades?: boolean;
}

export interface Gateway {
  /** Accepts no more connections. Requests in flight continue. */
  drain(): void;
  close(): Promise<void>;
}

/** The counterpart of the cluster's ingress controller. Listens on this machine only. Rejects if the port is occupied. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { port, routes, maxResponseMs = 25_000, forwardsUpgrades = false } = options;
  const { maxConnections = 64, maxPending = 2_000 } = options;
  const backends = new Backends(options.backends);
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  const streamAgent = new Agent(); // a stream holds its connection while a page is open
  const timeouts = { keepAliveTimeout: 30_000, headersTimeout: 10_000, requestTimeout: 30_000 };
  const server = createServer(timeouts, (req, res) => {
    const requestId = requestIdOf(req);
    if (req.url === "*") return void res.writeHead(204).end(); // OPTIONS * only checks whether the server responds
    const target = originForm(req.url);
    if (target === undefined) return refuse(res, requestId, badTarget);
    if (req.method === "TRACE") return refuse(res, requestId, methodNotAllowed);
    req.url = target;
    forward(req, res, requestId, candidatesFor(req));
  });
  const upgraded = new Set<Socket>();
  if (forwardsUpgrades) {
    server.on("upgrade", (req: IncomingMessage, _socket, head: Buffer) => {
      upgraded.add(req.socket.once("close", () => upgraded.delete(req.socket)));
      forwardUpgrade(req, head, requestIdOf(req), maxResponseMs, candidatesFor(req)[0]);
    });
  }

  function candidatesFor({ url = "/" }: IncomingMessage): Backend[] {
    return backends.readyFor(findService(routes, url) ?? "client");
  }

  function forward(
    req: IncomingMessage,
    res: ServerResponse,
    requestId: string,
    candidates: Backend[],
  ): void {
    const [backend, ...others] = candidates;
    if (!backend) return refuse(res, requestId, unavailable);
    const isStream = req.headers.accept?.includes(eventStream) ?? false;
    if (!isStream && !backends.begin(backend, maxPending)) return refuse(res, requestId, unavailable);
    const headers = headersForBackend(req, requestId);
    const upstream = request(backend.url, {
      agent: isStream ? streamAgent : agent,
      method: req.method,
      path: req.url,
      headers,
    });

    const deadline = setTimeout(() => {
      refuse(res, requestId, req.complete ? gatewayTimeout : requestTimeout);
      upstream.destroy();
    }, maxResponseMs);
    res.once("close", () => {
      if (!res.writableFinished) upstream.destroy();
    });

    // The body is read only after a connection has been established, so that a retry can send it completely.
    if (hasBody(req))
      upstream.once("socket", (socket) => {
        if (socket.connecting) socket.once("connect", sendBody);
        else sendBody();
      });
    else upstream.end();
    function sendBody(): void {
      let size = 0;
      req.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBodyBytes || res.headersSent) return;
        refuse(res, requestId, tooLarge);
        upstream.destroy();
      });
      req.pipe(upstream);
      // Discards the rest of the body, which keeps the client's connection usable.
      upstream.once("close", () => req.unpipe(upstream).resume());
    }

    upstream.once("response", (response) => {
      clearTimeout(deadline);
      res.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", headersForClient(response));
      // The headers of an event stream must not wait for its first event. Others are sent with their body.
      if (response.headers["content-type"]?.startsWith(eventStream)) res.flushHeaders();
      response.pipe(res);
      response.once("error", () => res.destroy()); // an aborted response is aborted for the client too
    });

    let failure: NodeJS.ErrnoException | undefined;
    upstream.on("error", (error) => (failure ??= error));
    upstream.once("close", () => {
      clearTimeout(deadline);
      if (!isStream) backends.end(backend);
      if (res.headersSent || res.destroyed) return;
      const isStale = failure?.code === "ECONNRESET" && upstream.reusedSocket && isRepeatable(req);
      if (failure?.code === "ECONNREFUSED") {
        backends.markAway(backend);
        forward(req, res, requestId, others);
      } else if (isStale) forward(req, res, requestId, candidates);
      else refuse(res, requestId, badGateway);
    });
  }

  server.listen(port, "127.0.0.1");
  await Promise.all([once(server, "listening"), backends.probe()]).catch((error: unknown) => {
    backends.close();
    throw error;
  });
  return {
    drain: () => void server.close(),
    async close() {
      backends.close();
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy(); // the HTTP server no longer tracks them
      agent.destroy();
      streamAgent.destroy();
      await closed;
    },
  };
}

/** The path and query of a request target, which may be an absolute URL (RFC 9112, 3.2.2). */
function originForm(target = "/"): string | undefined {
  if (target.startsWith("/")) return target;
  if (!URL.canParse(target)) return undefined;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

/** The client's request id, if the services would accept it. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}

/** The service may close a keep-alive connection while it is being reused. Only idempotent requests are retried. */
const isRepeatable = (req: IncomingMessage): boolean =>
  repeatable.includes(req.method ?? "") && !hasBody(req);

/** A request with neither header has no body (RFC 9112, 6.3). */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  "content-length" in headers || "transfer-encoding" in headers;
