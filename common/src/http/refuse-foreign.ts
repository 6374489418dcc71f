import type { RequestHandler } from "express";
import { ForbiddenError, HttpError } from "../errors";
import { publicOrigin } from "./session";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses changes that another site asks a signed-in browser for. Browsers tell by `Sec-Fetch-Site`, older ones by
 * `Origin`; requests with neither come from tools and pass.
 */
export const refuseForeignOrigin: RequestHandler = (req, _res, next) => {
  if (safeMethods.has(req.method)) return next();
  const site = req.get("Sec-Fetch-Site");
  const origin = req.get("Origin");
  const isForeign = site ? site !== "same-origin" && site !== "none" : origin && origin !== publicOrigin();
  if (isForeign)
    throw new ForbiddenError("Changes are accepted from EventHive's own pages only", "foreign-origin");
  next();
};

/** Refuses a body that is not JSON; a form of another site cannot send JSON without asking first. No body passes. */
export const refuseForeignBody: RequestHandler = (req, _res, next) => {
  const isEmpty = req.get("Content-Length") === "0"; // a body, to Express
  if (!isEmpty && req.is("application/json") === false) {
    throw new HttpError(415, "not-json", "Send the body as application/json");
  }
  next();
};
