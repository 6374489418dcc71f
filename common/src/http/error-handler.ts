import type { ErrorRequestHandler, RequestHandler } from "express";
import { currentContext } from "../base/context";
import {
  ConflictError,
  HttpError,
  NotFoundError,
  UnavailableError,
  isHttpError,
  isTransient,
  isVersionError,
} from "../contract/errors";
import { logger } from "../base/logger";

export const notFound: RequestHandler = () => {
  throw new NotFoundError();
};

/** For a path whose own methods were routed before. */
export const methodNotAllowed =
  (methods: readonly string[]): RequestHandler =>
  (req, res) => {
    const allowed = methods.map((method) => (method === "get" ? "GET, HEAD" : method.toUpperCase()));
    res.set("Allow", allowed.join(", "));
    if (req.method === "OPTIONS") res.sendStatus(204);
    else throw new HttpError(405, "method-not-allowed", `${req.method} is not allowed here`);
  };

/**
 * The one place where errors become responses. An unexpected error is our bug: logged, 500, and no details disclosed.
 */
export const errorHandler: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) return next(error);
  const known = recognise(error);
  if (!known) logger.error({ err: error }, "request failed");
  else if (known.status === 503)
    logger.warn({ err: known.cause ?? known }, "request rejected: temporarily unavailable");
  const { status, code, message, options } =
    known ?? new HttpError(500, "internal", "Something went wrong on our side");
  res.removeHeader("X-Server-Time"); // for the `expiresAt` of a success
  if (options.retryAfterSeconds) res.set("Retry-After", String(Math.ceil(options.retryAfterSeconds)));
  res.status(status).json({
    errors: options.details ?? [{ message }],
    code,
    requestId: currentContext()?.requestId,
  });
};

const codesOfExpress: Record<number, string> = { 400: "malformed", 413: "too-large", 415: "not-json" };

function recognise(error: unknown): HttpError | undefined {
  if (isHttpError(error)) return error;
  if (isVersionError(error)) return new ConflictError();
  if (isTransient(error))
    return new UnavailableError("Temporarily unavailable: try again in a moment", "unavailable", {
      cause: error,
    });
  // Express and its parsers throw errors with a status and a flag that says whether they may be shown, except for a
  // bad `%` in the path. Other libraries' errors have a status too: that of their own requests.
  if (error instanceof Error && "status" in error && typeof error.status === "number") {
    const { status, message } = error;
    const mayBeShown = error instanceof URIError || ("expose" in error && error.expose === true);
    if (mayBeShown) return new HttpError(status, codesOfExpress[status] ?? "refused", message);
  }
  return undefined;
}
