import { findCurrentUser } from "@eventhive/common";
import type { RequestHandler } from "express";

export const currentUser: RequestHandler = (req, res) => {
  res.json({ currentUser: findCurrentUser(req) ?? null });
};
