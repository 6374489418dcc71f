import { clock } from "@eventhive/common";
import { trusted } from "mongoose";
import { overdueOrders } from "./metrics";
import { Order, live } from "./models/order";

/** Measured separately from the code that ends reservations: nothing else reports when that fails. */
export async function measureOverdue(): Promise<void> {
  const overdue = { status: trusted({ $in: live }), expiresAt: trusted({ $lte: clock.date() }) };
  const oldest = await Order.findOne(overdue).sort({ expiresAt: 1 });
  overdueOrders.set(oldest ? (clock.now() - oldest.expiresAt.getTime()) / 1000 : 0);
}
