import { signOut as closeSession } from "@eventhive/common";
import type { RequestHandler } from "express";

export const signOut: RequestHandler = (req, res) => {
  closeSession(req);
  res.json({});
};
