import { clock } from "@eventhive/common";
import type { RequestHandler } from "express";

/** `X-Server-Time`, in milliseconds: countdowns run on the clock that `expiresAt` was made with, not on the buyer's. */
export const serverTimeHeader: RequestHandler = (_req, res, next) => {
  res.set("X-Server-Time", String(Math.round(clock.now())));
  next();
};
