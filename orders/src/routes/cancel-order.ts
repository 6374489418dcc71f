import { currentUser, endpoint, retryOnConflict } from "@eventhive/common";
import { findOwnOrder } from "../models/order";

export const cancelOrder = endpoint(
  {
    id: "cancelOrder",
    summary: "Cancel a reservation",
    needsSession: true,
    responses: { 204: { description: "The order is cancelled", headers: ["X-Server-Time"] } },
    errors: {
      400: ["order-complete", "payment-in-progress"],
      403: ["not-yours"],
      404: ["not-found"],
      409: ["changed"],
    },
  },
  async (req, res) => {
    await retryOnConflict(async () => {
      const order = await findOwnOrder(currentUser(req).id, req.params.orderId);
      if (order.cancel("buyer")) await order.save();
    });
    res.sendStatus(204);
  },
);
