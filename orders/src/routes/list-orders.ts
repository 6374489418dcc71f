import { currentUser, endpoint, pageQuery, readPage } from "@eventhive/common";
import { z } from "zod";
import { Order } from "../models/order";
import { orderResource } from "./order-body";

export const listOrders = endpoint(
  {
    id: "listOrders",
    summary: "The caller's orders, newest first",
    needsSession: true,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of orders",
        body: z.array(orderResource),
        headers: ["Link", "X-Server-Time"],
      },
    },
  },
  async (req, res) => {
    const page = readPage(req, res);
    const mine = { userId: currentUser(req).id, ...page.filter };
    const orders = await Order.find(mine).select({ outbox: 0 }).sort(page.sort).limit(page.limit).lean();
    page.send(orders.map(Order.toResponse));
  },
);
