import {
  type IncomingMessage,
  type RequestListener,
  type ServerOptions,
  type ServerResponse,
  createServer,
} from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Express } from "express";
import { seconds } from "../base/clock";
import { exposeMetrics, metricsContentType } from "../base/metrics";
import { settings, text } from "../base/settings";
import { requestIdOf } from "./request-id";

const config = settings({
  /** The address to listen on. By default all of them, which a pod needs. */
  LISTEN_ADDRESS: text().optional(),
});

/** What the service waits for before it can serve requests, if anything. */
export type Readiness = () => Promise<{ waitingFor?: string; broker?: "connected" | "unavailable" }>;

export interface HttpServer {
  /** From now on the app handles requests; until then, requests get 503. */
  open(app: Express | undefined): void;
  /**
   * From now on `/readyz` returns 503, so that no new requests are sent here; resolves when the last response has been sent.
   * Event streams are ended: their readers reconnect to another process.
   */
  drain(): Promise<void>;
}

const connectionLimits: ServerOptions = {
  // Longer than any proxy keeps an idle connection (Go's: 90 s), so that we are never the one to close it under a request.
  keepAliveTimeout: seconds(95),
  // These count from the moment of connecting, and proxies keep connections that they have not needed yet: the first
  // request on one would get 408.
  headersTimeout: seconds(100),
  requestTimeout: seconds(100),
};

/**
 * Serves `/livez`, `/readyz` and `/metrics` immediately, and the app once it is ready.
 * @param options.drainPause load balancers need a moment to notice that a process is draining
 * @throws when the port is not available
 */
export async function serve(
  port: number,
  readiness: Readiness,
  { drainPause = seconds(1.5), limits = connectionLimits } = {},
): Promise<HttpServer> {
  let isDraining = false;
  const pending = new Set<ServerResponse>();
  let appListener: RequestListener = (req, res) =>
    refuse(req, res, 503, "starting", "This service is starting. Try again in a moment.");

  const sendReadiness = async (res: ServerResponse) => {
    if (isDraining) return json(res, 503, { status: "draining" });
    const { waitingFor, broker } = await readiness();
    json(res, waitingFor ? 503 : 200, { status: waitingFor ? "not ready" : "ready", waitingFor, broker });
  };

  const handle: RequestListener = (req, res) => {
    if (isDraining) res.setHeader("Connection", "close");
    pending.add(res);
    res.once("close", () => pending.delete(res));
    switch (req.url) {
      case "/livez":
        return json(res, 200, { status: "alive" });
      case "/readyz":
        return void sendReadiness(res);
      case "/metrics":
        return void exposeMetrics().then((text) =>
          res.setHeader("Content-Type", metricsContentType).end(text),
        );
      default:
        return appListener(req, res);
    }
  };

  const server = createServer(limits, handle);
  // When a connection ends, Node closes the response in progress, but not those of pipelined requests behind it.
  server.on("connection", (socket) =>
    socket.once("close", () => {
      for (const res of pending) if (res.req.socket === socket && !res.socket) res.emit("close");
    }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(new Error(`Cannot listen on port ${port}; set PORT to another one: ${error.message}`)),
    );
    server.listen(port, config.LISTEN_ADDRESS, resolve);
  });

  return {
    open: (app) => {
      appListener = app ?? ((req, res) => refuse(req, res, 404, "not-found", "There is no such page"));
    },
    drain: async () => {
      isDraining = true;
      await pause(drainPause);
      const closing = setInterval(() => {
        for (const res of pending) if (isStream(res)) endStream(res);
        // Not only the idle ones: a connection that never sent a request counts as busy, and would never be closed.
        if (pending.size === 0) server.closeAllConnections();
      }, 50);
      await new Promise((resolve) => server.close(resolve));
      clearInterval(closing);
    },
  };
}

/** Server-sent events: a response that does not end on its own. */
export const isStream = (res: ServerResponse): boolean =>
  String(res.getHeader("Content-Type")).startsWith("text/event-stream");

/** A reader that does not read the end of the stream either is disconnected at the next attempt. */
const endStream = (res: ServerResponse) => (res.writableEnded ? res.destroy() : res.end());

/** In the same shape as the app's errors. */
function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  const requestId = requestIdOf(req);
  res.setHeader("X-Request-Id", requestId);
  json(res, status, { errors: [{ message }], code, requestId });
}

function json(res: ServerResponse, status: number, body: object): void {
  if (status === 503) res.setHeader("Retry-After", "1");
  res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
