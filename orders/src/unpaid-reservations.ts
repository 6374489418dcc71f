import { Order } from "./models/order";
import { endedUnpaid } from "./reservation-limits";

const maxLines = 20;

/** Prints the users, networks and sites (pseudonyms) with the most reservations that ended unpaid in the last hour. */
export async function printUnpaidReservations(): Promise<void> {
  for (const field of ["userId", "network", "site"]) {
    const most = await Order.aggregate<{ _id: string; count: number }>([
      { $match: { ...endedUnpaid(), [field]: { $exists: true } } },
      { $group: { _id: `$${field}`, count: { $sum: 1 } } },
      { $sort: { count: -1, _id: 1 } },
      { $limit: maxLines },
    ]);
    for (const { _id, count } of most) process.stdout.write(`${field} ${_id}  ${count}\n`);
  }
}
