import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { ObservedResponse } from "../common/test/documented-responses";
import { type EventStream, readStream } from "../common/test/event-stream";
import { problemOf } from "./check-responses";
import { Client, bodyOf, newUser } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "./setup";
import { processNamed, restarted, signal, stackFile } from "./stack";

const pages: Page[] = [];
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.leave()));
});

/** An open page: reconnects like an EventSource, and also retries where an EventSource would stop. */
class Page {
  readonly streams: EventStream[] = [];
  private readonly responses: ObservedResponse[] = [];
  private isLeft = false;
  private readonly living: Promise<void>;

  constructor(url: string, cookie?: string) {
    this.living = this.live(url, cookie);
    pages.push(this);
  }

  shows(id: string) {
    return this.streams.flatMap(({ messages }) => messages).findLast(({ data }) => data.id === id)?.data;
  }

  async leave(): Promise<void> {
    this.isLeft = true;
    this.streams.at(-1)?.leave();
    await this.living;
    expect(this.responses.flatMap((response) => problemOf(response) ?? [])).toEqual([]);
  }

  private async live(url: string, cookie?: string): Promise<void> {
    while (!this.isLeft) {
      const stream = await readStream(url, cookie);
      if (!stream.refusal) this.streams.push(stream);
      if (this.isLeft) stream.leave(); // left while reconnecting
      await stream.ended;
      const { status, headers, body } = stream;
      const header = (name: string) => headers.get(name) ?? undefined;
      this.responses.push({ method: "GET", path: new URL(url).pathname, status, header, body });
      if (!this.isLeft) await wait(stream.retryMs);
    }
  }
}

/** A new user, and their session cookie for requests to single processes. */
async function withCookie(name: string) {
  const client = new Client();
  const credentials = { email: `${name}-${randomUUID()}@example.com`, password: "correct horse" };
  const { headers } = await client.signUp(credentials);
  return { client, cookie: headers.getSetCookie().join().split(";", 1)[0] };
}

/** The URLs of the gateway and of each process of a service. */
const urlsOf = (service: string) => [
  stackFile().url,
  ...["1", "2"].map((number) => processNamed(`${service}-${number}`).url),
];

/** Seconds. A stream that had missed the change would read it with its next heartbeat, every 15 s. */
const withoutHeartbeat = 5;

const allShow = (id: string, state: object, withinSeconds: number) =>
  eventually(() => pages.forEach((page) => expect(page.shows(id)).toMatchObject(state)), {
    withinSeconds,
    intervalMs: 5,
  });

it("shows at once that another user has reserved a ticket, whichever process serves the page", async () => {
  const [sam, bea] = [await newUser("sam"), await newUser("bea")];
  const ticket = await ticketOnSale(sam);
  for (const url of urlsOf("tickets")) new Page(`${url}/api/tickets/stream?ids=${ticket.id}`);
  await allShow(ticket.id, { status: "available", version: 0 }, 10);

  const order = await orderOf(bea, ticket);
  await allShow(ticket.id, { status: "reserved", orderId: order.id }, withoutHeartbeat);
});

it("shows at once a ticket that is put on sale, on every open list that it belongs to", async () => {
  const sam = await newUser("sam");
  const others = [await ticketOnSale(sam)].map(({ id }) => id).join();
  for (const url of urlsOf("tickets")) {
    new Page(`${url}/api/tickets/stream`);
    new Page(`${url}/api/tickets/stream?ids=${others}&added=true&q=viola`);
  }
  await eventually(() => pages.forEach(({ streams }) => expect(streams).toHaveLength(1)));
  const ticket = await bodyOf(sam.sell("Viola d'amore", 20));
  await allShow(ticket.id, { status: "available", version: 0 }, withoutHeartbeat);
});

it("shows a buyer at once that the order is paid, whichever process the page is from", async () => {
  const { client: bea, cookie } = await withCookie("bea");
  const order = await orderOf(bea, await ticketOnSale(await newUser("sam")));
  for (const url of urlsOf("orders")) new Page(`${url}/api/orders/${order.id}/stream`, cookie);
  await allShow(order.id, { status: "created" }, 10);

  expect(await bea.pay(order)).toMatchObject({ status: 201 });
  await allShow(order.id, { status: "complete" }, withoutHeartbeat);
});

it.each([
  ["is killed", "SIGKILL", "SIGKILL"],
  ["gets SIGTERM", "SIGTERM", "exit 0"],
] as const)("updates pages to the present state when their process %s", async (_how, end, lastExit) => {
  const { client: sam, cookie } = await withCookie("sam");
  const ticket = await ticketOnSale(sam, { price: 20 });
  for (let count = 1; count <= 6; count++) new Page(`${stackFile().url}/api/tickets/stream?ids=${ticket.id}`);
  await allShow(ticket.id, { price: 20 }, 10);

  // Each of the two processes that may serve a page ends once.
  for (const [ended, other, price] of [
    ["tickets-1", "tickets-2", 30],
    ["tickets-2", "tickets-1", 40],
  ] as const) {
    const { pid } = processNamed(ended);
    signal(ended, end);
    const samElsewhere = new Client(processNamed(other).url, cookie);
    await bodyOf(samElsewhere.edit(ticket, { title: ticket.title, price }));
    await restarted(ended, pid);
    await allShow(ticket.id, { price }, 10);
    expect(processNamed(ended).lastExit).toBe(lastExit);
  }
  await eventually(() => pages.forEach(({ streams }) => expect(streams.length).toBeGreaterThan(1)), {
    withinSeconds: 10,
  });
});
