import { Agent } from "node:http";
import type { mongo } from "mongoose";
import { database } from "../e2e/stack";
import { percentile } from "../e2e/statistics";
import { send } from "./load";
import { untilIdle } from "./machine";
import type { Part } from "./part";
import { type Row, cell } from "./report";
import { orderBy } from "./requests";
import { seedTickets } from "./seed";
import { type User, signUp } from "./sign-up";

const buyerCount = 500;
const ticketCount = 20;

/** All buyers at once, each on a connection of their own. */
export const rush: Part = async ({ url }) => {
  const buyers = await signUp(url, buyerCount);
  const rows: Row[] = [
    await measure(url, buyers, { what: "one try each", tries: 1 }),
    await measure(url, buyers, {
      what: "until they have one, or all are sold",
      tries: ticketCount,
      aim: "p99 ≤ 2 s, sold out ≤ 3 s, 0 oversold, 0 unanswered",
    }),
  ];
  return { [`Rush: ${buyerCount} buyers, ${ticketCount} tickets`]: rows };
};

async function measure(
  url: string,
  buyers: User[],
  { what, tries, aim = "" }: { what: string; tries: number; aim?: string },
): Promise<Row> {
  const ids = await seedTickets(ticketCount);
  const times: number[] = [];
  const statuses: Record<number, number> = {};
  let unanswered = 0;
  let soldOutMs = NaN;
  const startedAt = performance.now();
  const buy = async (buyer: User, index: number) => {
    const agent = new Agent({ keepAlive: true });
    for (let attempt = 0; attempt < tries; attempt++) {
      const id = ids[(index + attempt) % ticketCount] ?? "";
      const response = await send(agent, url, orderBy(buyer, id)).catch(() => undefined);
      if (!response) {
        unanswered++;
        continue;
      }
      times.push(response.ms);
      statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      if (statuses[201] === ticketCount) soldOutMs ||= performance.now() - startedAt;
      if (response.status === 201) break;
    }
    agent.destroy();
  };
  await Promise.all(buyers.map(buy));
  await untilIdle();
  const held: mongo.Filter<mongo.BSON.Document> = { "ticket.id": { $in: ids }, status: { $ne: "cancelled" } };
  const orders = await database("orders").collection("orders").countDocuments(held);
  return {
    what,
    "p50 ms": cell(percentile(times, 0.5)),
    "p99 ms": cell(percentile(times, 0.99)),
    "sold out after s": cell(soldOutMs / 1000),
    sold: statuses[201] ?? 0,
    oversold: Math.max(0, orders - ticketCount),
    unanswered,
    responses: JSON.stringify(statuses).replaceAll(/["{}]/g, ""),
    aim,
  };
}
