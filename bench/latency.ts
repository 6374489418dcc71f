import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { mongo } from "mongoose";
import { database } from "../e2e/stack";
import { type Flow, turns, useFlow } from "./flows";
import { type Sent, send } from "./load";
import type { Bench, Part } from "./part";
import { timesRow } from "./report";
import { createBy, orderBy, payBy } from "./requests";
import { roundRobin } from "./sign-up";

/** From a change to its effects, beside what the bare server needs for a journaled insert, publish and delivery. */
export const latency: Part = async (bench) => ({
  "From a change to its effect, one at a time": await trade(bench, 1, [
    "≤ 6 / 20 ms (p50 / p99)",
    "≤ 20 ms (p50), and no slower than with a charge",
  ]),
  "From a change to its effect, eight at a time": await trade(bench, 8, [
    "≤ 30 / 100 ms (p50 / p99)",
    "no slower than with a charge (p50)",
  ]),
});

const warmUpTrades = 8;

async function trade({ url, bareUrl, users, size }: Bench, traders: number, [toOrder, toPay]: string[]) {
  const times = { orderable: [], reserved: [], charges: [], intents: [], delivered: [] } satisfies Record<
    string,
    number[]
  >;
  const noted: Record<keyof typeof times, number[]> = times;
  const agent = new Agent({ keepAlive: true });
  const idOf = async (sent: Sent): Promise<mongo.ObjectId> => {
    const { status, responseText } = await send(agent, url, sent);
    if (status !== 201) throw new Error(`${sent.path} responded with ${status} ${responseText}`);
    const { id }: { id: string } = JSON.parse(responseText);
    return new mongo.ObjectId(id);
  };
  const measure = async <Result>(what: keyof typeof times, act: () => Promise<Result>): Promise<Result> => {
    const startedAt = performance.now();
    const result = await act();
    if (isWarm) noted[what].push(performance.now() - startedAt);
    return result;
  };
  let left = 0;
  let isWarm = false;
  const [seller, buyer] = [roundRobin(users.slice(1)), roundRobin(users)];
  const tradeInLoop = async (flow: Flow) => {
    while (left-- > 0) {
      const user = buyer();
      const ticketId = await measure("orderable", async () => {
        const _id = await idOf(createBy(seller()));
        await untilStored("orders", "tickets", { _id });
        return _id;
      });
      const orderId = await measure("reserved", async () => {
        const _id = await idOf(orderBy(user, String(ticketId)));
        await untilStored("tickets", "tickets", { _id: ticketId, available: false });
        return _id;
      });
      await untilStored("payments", "orders", { _id: orderId });
      await measure(flow, () => idOf(payBy(user, String(orderId)))); // 202 means that it is not paid yet
      await measure("delivered", () => send(agent, bareUrl, { path: "/deliver", method: "POST" }));
    }
  };
  const tradeTimes = async (count: number, flow: Flow) => {
    left = count;
    await Promise.all(Array.from({ length: traders }, () => tradeInLoop(flow)));
  };
  for (const flow of turns) {
    await useFlow(flow);
    isWarm = false; // a process that has just started is slower
    await tradeTimes(warmUpTrades, flow);
    isWarm = true;
    await tradeTimes(size.trades / turns.length, flow);
  }
  agent.destroy();
  return [
    timesRow("created → orderable", noted.orderable, toOrder),
    timesRow("ordered → off the list", noted.reserved),
    timesRow("payment with a charge sent → order paid (201)", noted.charges),
    timesRow("PaymentIntent payment sent → charged (201)", noted.intents, toPay),
    timesRow("bare: insert, publish, delivery, replica", noted.delivered),
  ];
}

type Filter = mongo.Filter<mongo.BSON.Document>;

async function untilStored(service: string, collection: string, filter: Filter): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await database(service).collection(collection).findOne(filter))) {
    if (performance.now() > end) throw new Error(`${service} did not receive the event`);
    await pause(1);
  }
}
