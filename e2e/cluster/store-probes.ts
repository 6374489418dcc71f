import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { ResponseLog } from "../chaos/response-log";
import { Client, newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { ticketOnSale } from "../setup";
import { steadily } from "./steadily";

export interface StoreProbes {
  /** The number of acknowledged writes to each store. */
  written: Record<string, number>;
  /** Resolves after the last response. */
  stop: () => Promise<void>;
}

/** Each writes every two seconds, so the time without a write is known to two seconds. */
const intervalMs = 2000;
/** Requests that wait for a lost store must not delay the next ones. */
const maxInFlight = 20;
const buyerCount = 4;

/** Not in parallel, because the cluster has just started. */
async function oneByOne<Result>(count: number, work: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  while (results.length < count) results.push(await eventually(work, { withinSeconds: 60 }));
  return results;
}

/** Writes to each store at a steady rate, through its service. */
export async function probeStores(log: ResponseLog): Promise<StoreProbes> {
  const written: Record<string, number> = {};
  const noteWrite = (service: string) => {
    written[`${service}-mongo`] = (written[`${service}-mongo`] ?? 0) + 1;
  };
  const seller = await newUser("seller");
  const buyers = await oneByOne(buyerCount, () => newUser("buyer"));
  const tickets = await oneByOne(maxInFlight, () => ticketOnSale(seller));

  async function signUp(): Promise<void> {
    const credentials = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    const response = await log.record(new Client().signUp(credentials));
    if (response?.ok) noteWrite("auth");
  }

  async function sell(): Promise<void> {
    const response = await log.sell(seller, "A listing of a probe", 20);
    if (!response?.ok) return;
    noteWrite("tickets");
    if (tickets.length < maxInFlight) tickets.push(response.body); // instead of one that was sold
  }

  /** Reserves a ticket that no other trade reserves, has a card declined, and cancels. */
  async function trade(): Promise<void> {
    const [ticket, buyer] = [tickets.shift(), buyers.shift()];
    if (!ticket || !buyer) return; // none could be listed for some time
    buyers.push(buyer);
    const response = await log.order(buyer, ticket);
    if (response?.ok) {
      noteWrite("orders");
      await decline(buyer, response.body);
      await log.cancel(buyer, response.body);
    }
    if (response?.status !== 400) tickets.push(ticket);
  }

  async function decline(buyer: Client, order: { id: string }): Promise<void> {
    for (let attempt = 1; attempt <= 10; attempt++) {
      const response = await log.record(buyer.pay(order, "tok_chargeDeclined"));
      if (response?.ok === false && response.body.code === "payment-declined") noteWrite("payments");
      if (response?.status !== 404) return; // payments may not know the order yet
      await wait(250);
    }
  }

  const stops = [signUp, sell, trade].map((write) => steadily(intervalMs, write, maxInFlight));
  return { written, stop: async () => void (await Promise.all(stops.map((stop) => stop()))) };
}
