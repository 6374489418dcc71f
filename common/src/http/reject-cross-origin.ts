import type { RequestHandler } from "express";
import { ForbiddenError } from "../contract/errors";
import { publicOrigin } from "./session";

/**
 * Rejects a change that another site makes a signed-in browser request. Browsers send `Sec-Fetch-Site`, older ones
 * `Origin`; requests with neither come from tools and pass.
 */
export const rejectCrossOrigin: RequestHandler = (req, _res, next) => {
  const site = req.get("Sec-Fetch-Site");
  const origin = req.get("Origin");
  const isForeign = site ? site !== "same-origin" && site !== "none" : origin && origin !== publicOrigin();
  if (isForeign)
    throw new ForbiddenError("Changes are accepted from EventHive's own pages only", "foreign-origin");
  next();
};
