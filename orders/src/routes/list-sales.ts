import { currentUser, endpoint, pageQuery, readPage } from "@eventhive/common";
import { z } from "zod";
import { Order, salesOf } from "../models/order";
import { saleResource } from "./order-body";

export const listSales = endpoint(
  {
    id: "listSales",
    summary: "What the caller has sold, newest order first",
    needsSession: true,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of sales",
        body: z.array(saleResource),
        headers: ["Link", "X-Server-Time"],
      },
    },
  },
  async (req, res) => {
    const page = readPage(req, res, { list: "sales" });
    const sold = { ...salesOf(currentUser(req).id), ...page.filter };
    const orders = await Order.find(sold).select({ outbox: 0 }).sort(page.sort).limit(page.limit).lean();
    const shown = orders.map(Order.toResponse);
    page.send(shown.map(({ id, ticket, createdAt }) => ({ id, ticket, createdAt })));
  },
);
