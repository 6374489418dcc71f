import { type Span, SpanStatusCode } from "@opentelemetry/api";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import helmet, { type HelmetOptions } from "helmet";
import { withContext } from "../base/context";
import { logger } from "../base/logger";
import { metrics } from "../base/metrics";
import { settings, text } from "../base/settings";
import { errorHandler, notFound } from "./error-handler";
import { jsonBody } from "./json-body";
import { rejectCrossOrigin } from "./reject-cross-origin";
import { requestIdOf } from "./request-id";
import { type Api, Routes } from "./routes";
import { isStream } from "./serve";
import { type Access, session } from "./session";

const config = settings({
  /** The address ranges of our own proxies, whose X-Forwarded-For is trusted. */
  TRUSTED_PROXIES: text().default("loopback, linklocal, uniquelocal"),
});

interface Options {
  /** From `keepUserAccess`; `startService` keeps it up to date. Without it, no session is rejected because of a ban. */
  access?: Access;
  /** The title and the path of the OpenAPI document of the endpoints. */
  openApi?: { title: string; path: string };
  /**
   * Adds routes that other systems call. They authenticate the caller by the raw body, so they come before the checks
   * that protect a browser's session.
   */
  addMachineRoutes?: (api: Api) => void;
}

/**
 * An Express app with the middleware that all services share. `addRoutes` is its table of contents. A path that it names
 * rejects other methods with 405.
 * @example
 * const app = createApp((api) => {
 *   api.get("/api/tickets", (_req, res) => void res.json([ticket]));
 * });
 * startService({ name: "tickets", store: { database }, app });
 */
export function createApp(addRoutes: (api: Api) => void, options: Options = {}): Express {
  const app = express();
  app.disable("etag"); // responses about reservations are never worth a cached copy
  app.disable("x-powered-by");
  app.set("trust proxy", config.TRUSTED_PROXIES);
  app.set("query parser", "simple"); // no operators from ?a[$gt]=
  app.locals.access = options.access;
  app.use(inContext, measure, helmet(forData), noStore);
  const routes = new Routes(app);
  options.addMachineRoutes?.(routes.api);
  app.use(forChanges(rejectCrossOrigin, jsonBody(), session()));
  if (options.openApi) routes.serveDocument(options.openApi);
  addRoutes(routes.api);
  routes.refuseOtherMethods();
  app.use(notFound);
  app.use(errorHandler);
  return app;
}

/** Of Helmet's headers, those that protect JSON. The others are about pages, and each costs every proxy some time. */
const forData: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  referrerPolicy: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xPoweredBy: false,
  xXssProtection: false,
};

/** RFC 9110, 9.2.1. */
const methodsOfReads = new Set(["GET", "HEAD", "OPTIONS"]);

/** Skips these for reads, whose bodies are ignored, and which neither begin nor end a session. */
function forChanges(...handlers: RequestHandler[]): RequestHandler {
  const router = express.Router().use(...handlers);
  return (req, res, next) => (methodsOfReads.has(req.method) ? next() : router(req, res, next));
}

const inContext: RequestHandler = (req, res, next) => {
  const requestId = requestIdOf(req);
  res.set("X-Request-Id", requestId);
  const respond = (span?: Span) => {
    const described = span && describeResponse(span, req, res);
    next();
    return described;
  };
  void withContext({ traceparent: req.get("traceparent"), requestId }, respond, {
    name: req.method,
    kind: "SERVER",
    attributes: { "http.request.method": req.method, "url.path": req.path },
  });
};

async function describeResponse(span: Span, req: Request, res: Response): Promise<void> {
  await new Promise((resolve) => res.once("close", resolve));
  const route = routeOf(req);
  span.updateName(`${req.method} ${route}`);
  span.setAttributes({ "http.route": route, "http.response.status_code": res.statusCode });
  if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The template, not the path: a bounded number of label values. */
const routeOf = (req: Request): string => {
  const route: unknown = req.route?.path ?? "none";
  return String(route);
};

const noStore: RequestHandler = (_req, res, next) => {
  res.set("Cache-Control", "no-store");
  next();
};

const measure: RequestHandler = (req, res, next) => {
  const started = performance.now();
  res.on("finish", () => {
    if (isStream(res)) return; // lasts until its reader closes it
    const seconds = (performance.now() - started) / 1000;
    metrics.httpDuration.observe(
      { method: req.method, route: routeOf(req), status: res.statusCode },
      seconds,
    );
    logger.info({ method: req.method, path: req.path, status: res.statusCode, seconds }, "responded");
  });
  next();
};
