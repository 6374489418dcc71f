import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
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
  /** Above the longest answer that a service gives: a payment's 20 s. */
  maxResponseMs?: number;
  /** To one process, streams apart: it answers sooner when the requests beyond its capacity wait here in a queue. */
  maxConnections?: number;
  /** Requests that one process has not answered, the queue included. */
  maxPending?: number;
  /** Lets WebSockets through, which only `next dev` needs; without, the wish for one is ignored. */
  forwardsUpgrades?: boolean;
}

export interface Gateway {
  /** Takes no more connections; requests under way go on. */
  drain(): void;
  close(): Promise<void>;
}

/** What the ingress controller is in the cluster. Listens on this machine only; rejects when the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { port, routes, maxResponseMs = 25_000, forwardsUpgrades = false } = options;
  const { maxConnections = 64, maxPending = 2_000 } = options;
  const backends = new Backends(options.backends);
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  const streamAgent = new Agent(); // a stream keeps its connection for as long as a page is open
  const timeouts = { keepAliveTimeout: 30_000, headersTimeout: 10_000, requestTimeout: 30_000 };
  const server = createServer(timeouts, (req, res) => {
    const requestId = requestIdOf(req);
    if (req.url === "*") return void res.writeHead(204).end(); // OPTIONS * asks only whether anything answers
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

    // Nothing is read from the client before somebody is there to take it: what one refuses, another gets whole.
    upstream.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", sendBody);
      else sendBody();
    });
    function sendBody(): void {
      let size = 0;
      req.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBodyBytes || res.headersSent) return;
        refuse(res, requestId, tooLarge);
        upstream.destroy();
      });
      req.pipe(upstream);
      // What nobody wants any more of a body is read and dropped, which keeps the client's connection usable.
      upstream.once("close", () => req.unpipe(upstream).resume());
    }

    upstream.once("response", (response) => {
      clearTimeout(deadline);
      res.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", headersForClient(response));
      // The head of an event stream must not wait for its first event; others go out with their body.
      if (response.headers["content-type"]?.startsWith(eventStream)) res.flushHeaders();
      pipeline(response, res, () => undefined); // what breaks off half-way breaks off for the client too
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
      for (const socket of upgraded) socket.destroy(); // no longer among the connections of an HTTP server
      agent.destroy();
      streamAgent.destroy();
      await closed;
    },
  };
}

/** The path and query of a request's target, which may be a whole URL (RFC 9112, 3.2.2). */
function originForm(target = "/"): string | undefined {
  if (target.startsWith("/")) return target;
  if (!URL.canParse(target)) return undefined;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

/** The client's own, when it is one that the services take too. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}

/** A kept-alive connection may be closed by the service just as it is used again: harmless to ask twice only here. */
function isRepeatable(req: IncomingMessage): boolean {
  const hasBody = "content-length" in req.headers || "transfer-encoding" in req.headers;
  return repeatable.includes(req.method ?? "") && !hasBody;
}
