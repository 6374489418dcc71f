import { currentUser, requireAuth, retryOnConflict } from "@eventhive/common";
import type { RequestHandler } from "express";
import { findOwnOrder } from "../models/order";

export const cancelOrder: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    await retryOnConflict(async () => {
      const order = await findOwnOrder(currentUser(req).id, req.params.orderId);
      if (order.cancel("buyer")) await order.save();
    });
    res.sendStatus(204);
  },
];
