import express, { type RequestHandler } from "express";
import { HttpError } from "../contract/errors";
import { durationInSeconds, settings } from "../base/settings";

const config = settings({
  /** How long a request's body may take to arrive. Below a proxy's own limit, which would report our timeout. */
  BODY_TIMEOUT: durationInSeconds().default(10),
});

/**
 * Reads a JSON body of at most 10 kB into `req.body`; a request without a body passes. A body that is not JSON is
 * rejected with 415: a form of another site cannot send JSON without a preflight request. One that does not arrive in time
 * is rejected with 408.
 */
export function jsonBody(): RequestHandler {
  const read = express.json({
    limit: "10kb",
    type: (req) => req.headers["content-length"] !== "0",
    // Checked once the body is known, because a chunked one may turn out to be empty.
    verify: (req, _res, body) => {
      if (body.length > 0 && !isJson(req.headers["content-type"]))
        throw new HttpError(415, "not-json", "Send the body as application/json");
    },
  });
  return withTimeLimit(read);
}

/**
 * Reads a body of at most 256 kB into `req.body`, as the bytes that were sent, so that a signature can be verified before
 * parsing.
 * @example
 * createApp(() => {}, {
 *   addMachineRoutes: (api) => {
 *     api.post("/api/hook", rawBody(), (req, res) => void res.json(req.body.length));
 *   },
 * });
 */
export const rawBody = (): RequestHandler => withTimeLimit(express.raw({ limit: "256kb", type: () => true }));

function withTimeLimit(read: RequestHandler): RequestHandler {
  return (req, res, next) => {
    let isDone = false;
    const finish = (error?: unknown) => {
      if (isDone) return; // after a 408, an aborted body is not another error
      isDone = true;
      clearTimeout(timer);
      next(error);
    };
    const timer = setTimeout(() => {
      res.set("Connection", "close"); // the rest of the body may still come, and is not the next request
      finish(new HttpError(408, "request-timeout", "The request did not arrive in time: send it again"));
    }, config.BODY_TIMEOUT * 1000);
    read(req, res, finish);
  };
}

const isJson = (contentType = "") => /^application\/json\s*(;|$)/i.test(contentType);
