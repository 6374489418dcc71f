import { currentUser, endpoint, isId } from "@eventhive/common";
import { Order, ownedBy } from "../models/order";
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
    const { orderId } = req.params;
    const order = isId(orderId) ? await Order.findById(orderId).select({ outbox: 0 }).lean() : null;
    res.json(Order.toResponse(ownedBy(currentUser(req).id, order)));
  },
);
