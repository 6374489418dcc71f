import { currentUser, endpoint } from "@eventhive/common";
import { findOwnOrder } from "../models/order";
import { orderResource } from "./order-body";

export const showOrder = endpoint(
  {
    id: "showOrder",
    summary: "An order of the caller",
    needsSession: true,
    responses: { 200: { description: "The order", body: orderResource, headers: ["X-Server-Time"] } },
    errors: { 403: ["not-yours"], 404: ["not-found"] },
  },
  async (req, res) => {
    res.json(await findOwnOrder(currentUser(req).id, req.params.orderId));
  },
);
