import { currentUser, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { findOwnOrder } from "../models/order";

export const showOrder: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    res.json(await findOwnOrder(currentUser(req).id, req.params.orderId));
  },
];
