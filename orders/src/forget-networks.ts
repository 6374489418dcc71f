import { clock, hours } from "@eventhive/common";
import { trusted } from "mongoose";
import { Order } from "./models/order";

const batchSize = 1000;
const maxBatches = 100; // the next run continues
const forgotten = { network: 1, site: 1, place: 1, placeInSite: 1 };

/**
 * Removes the networks and sites of orders an hour after `expiresAt`: no limit looks further back. Processes of an older
 * version know no sites. So this also frees the places of ended orders that they saved last, and removes sites that they
 * left behind.
 */
export async function forgetNetworks(signal?: AbortSignal): Promise<void> {
  const old = oldNetworks();
  for (let batch = 0; batch < maxBatches; batch++) {
    signal?.throwIfAborted();
    const orders = await Order.find(old, { _id: 1 }).limit(batchSize).lean();
    if (orders.length === 0) return;
    const ids = orders.map(({ _id }) => _id);
    await Order.updateMany({ _id: trusted({ $in: ids }) }, { $unset: forgotten });
  }
}

export function oldNetworks() {
  const exists = trusted({ $exists: true });
  const expiresAt = trusted({ $lte: new Date(clock.now() - hours(1)) });
  return {
    $or: [
      { network: exists, expiresAt },
      { site: exists, expiresAt },
    ],
  };
}
