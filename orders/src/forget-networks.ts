import { clock, hours } from "@eventhive/common";
import { trusted } from "mongoose";
import { Order } from "./models/order";

const batchSize = 1000;
const maxBatches = 100; // the next run continues

/**
 * Removes the networks of orders an hour after `expiresAt`: no limit looks further back. Also frees the places of ended
 * orders that were last saved by a process of an older version.
 */
export async function forgetNetworks(signal?: AbortSignal): Promise<void> {
  const hourAgo = new Date(clock.now() - hours(1));
  const old = { network: trusted({ $exists: true }), expiresAt: trusted({ $lte: hourAgo }) };
  for (let batch = 0; batch < maxBatches; batch++) {
    signal?.throwIfAborted();
    const orders = await Order.find(old, { _id: 1 }).limit(batchSize).lean();
    if (orders.length === 0) return;
    const ids = orders.map(({ _id }) => _id);
    await Order.updateMany({ _id: trusted({ $in: ids }) }, { $unset: { network: 1, place: 1 } });
  }
}
