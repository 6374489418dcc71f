import type { Part } from "./part";
import type { Row } from "./report";
import { compare, create, list, order } from "./requests";
import { seedEndedOrders, seedTickets } from "./seed";

/** What requests cost with more documents in the databases. */
export const stock: Part = async (bench) => {
  const rows: Row[] = [];
  let stocked = 0;
  for (const count of bench.size.stock) {
    await seedTickets(count - stocked);
    await seedEndedOrders(count - stocked);
    stocked = count;
    for (const pair of [list, create(bench), await order(bench, 1_500 * bench.size.seconds)]) {
      const what = `${pair.what}, ${count} tickets and orders`;
      rows.push(await compare(bench, { ...pair, what }, { rounds: 1 }));
    }
  }
  return { "Against stock, 16 connections": rows };
};
