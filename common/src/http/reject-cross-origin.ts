import type { Request, RequestHandler } from "express";
import { ForbiddenError } from "../contract/errors";
import { publicOrigin } from "./session";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether the request changes nothing (RFC 9110, 9.2.1). */
export const isSafe = ({ method }: Request): boolean => safeMethods.has(method);

/**
 * Rejects changes that another site makes a signed-in browser request. Browsers send `Sec-Fetch-Site`, older ones
 * `Origin`; requests with neither come from tools and pass.
 */
export const rejectCrossOrigin: RequestHandler = (req, _res, next) => {
  if (isSafe(req)) return next();
  const site = req.get("Sec-Fetch-Site");
  const origin = req.get("Origin");
  const isForeign = site ? site !== "same-origin" && site !== "none" : origin && origin !== publicOrigin();
  if (isForeign)
    throw new ForbiddenError("Changes are accepted from EventHive's own pages only", "foreign-origin");
  next();
};
