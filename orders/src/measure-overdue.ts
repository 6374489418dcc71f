import { clock } from "@eventhive/common";
import { overdueSeconds } from "./metrics";
import { Order, overdueOrders } from "./models/order";

/** Measured separately from the code that ends reservations: nothing else reports when that fails. */
export async function measureOverdue(): Promise<void> {
  const oldest = await Order.findOne(overdueOrders()).sort({ expiresAt: 1 });
  overdueSeconds.set(oldest ? (clock.now() - oldest.expiresAt.getTime()) / 1000 : 0);
}
