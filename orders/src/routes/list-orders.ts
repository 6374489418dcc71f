import { currentUser, readPage, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { Order } from "../models/order";

export const listOrders: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    const page = readPage(req, res);
    const mine = { userId: currentUser(req).id, ...page.filter };
    const orders = await Order.find(mine).select({ outbox: 0 }).sort(page.sort).limit(page.limit).lean();
    page.send(orders.map(Order.toResponse));
  },
];
