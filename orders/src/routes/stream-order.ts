import { currentUser, endpoint, streamStates, watcher } from "@eventhive/common";
import { z } from "zod";
import { Order, findOwnOrder } from "../models/order";
import { orderState } from "./order-body";

/** All changes of an order after its creation. */
export const orderChanges = watcher("order:updated", "order:completed", "order:cancelled");

/** Stays open when the order has ended: an EventSource reconnects endlessly to a stream that ends. */
export const streamOrder = endpoint(
  {
    id: "streamOrder",
    summary: "Stream changes to an order",
    needsSession: true,
    responses: {
      200: {
        description: "The newest state",
        body: z.array(orderState),
        stream: { event: "order", data: orderState },
        headers: ["X-Server-Time"],
      },
    },
    errors: { 403: ["not-yours"], 404: ["not-found"], 429: ["too-many-streams"], 503: ["too-many-streams"] },
  },
  async (req, res) => {
    const find = async () => [Order.toState(await findOwnOrder(currentUser(req).id, req.params.orderId))];
    await streamStates(req, res, { name: "order", watcher: orderChanges, find });
  },
);
