import { currentUser, requireAuth, streamStates, watcher } from "@eventhive/common";
import type { RequestHandler } from "express";
import { Order, findOwnOrder } from "../models/order";

/** All that happens to an order after it was made. */
export const orderChanges = watcher("order:updated", "order:completed", "order:cancelled");

/** Stays open when the order has ended: an EventSource reconnects endlessly to a stream that ends. */
export const streamOrder: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    const look = async () => [Order.toState(await findOwnOrder(currentUser(req).id, req.params.orderId))];
    await streamStates(req, res, { name: "order", watcher: orderChanges, look });
  },
];
