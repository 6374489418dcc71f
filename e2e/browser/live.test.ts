import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { bodyOf, person } from "../client";
import { eventually } from "../eventually";
import { orderOf, ticketOnSale } from "../market";
import { fault } from "../stack";
import { expectFailure, visit, visitSignedIn } from "./browser";
import { hydrated } from "./chromium";
import { whileSessionsLast } from "./stack-controls";
import { button, heading, link, reserve, status } from "./page-actions";

/** Notes when the page first says so, however rarely anybody looks. */
async function watchFor(page: Page, text: string): Promise<() => Promise<number>> {
  await page.evaluate(`
    saidAt = undefined;
    const look = () => {
      if (document.querySelector("main").textContent.includes(${JSON.stringify(text)})) saidAt ??= Date.now();
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  `);
  return () =>
    eventually(async () => {
      const saidAt = await page.evaluate<number | undefined>("saidAt");
      if (!saidAt) throw new Error(`The page does not say: ${text}`);
      return saidAt;
    });
}

it("tells the loser of a race at once, in words, and what to do next", async () => {
  const ticket = await ticketOnSale(await person("sam"));
  const [{ page: bea }, { page: eve }] = [await visitSignedIn(), await visitSignedIn()];
  await Promise.all([bea, eve].map((page) => page.goto(`/tickets/${ticket.id}`)));
  await Promise.all([bea, eve].map(hydrated));
  // So that the race is decided by orders, and not by who hears first that it is over.
  await eve.route("**/api/orders", async (route) => {
    await heading(bea, "Reserved for you").waitFor();
    await route.continue();
  });
  expectFailure(400, "/api/orders");
  await Promise.all([bea, eve].map((page) => button(page, /^Reserve for/).click()));
  await heading(bea, "Reserved for you").waitFor();
  await eve.getByText("Somebody was faster and has reserved this ticket.").waitFor();
  await eve.getByText("Someone is paying for it.").waitFor();
  expect(await button(eve, /^Reserve for/).count()).toBe(0);
  await link(eve, "other tickets").click();
  await heading(eve, "Tickets from person to person").waitFor();
});

it("greys a taken ticket out within a second on every list, and brings it back", async () => {
  const title = `Opera ${randomUUID()}`;
  const ticket = await ticketOnSale(await person("sam"), { title });
  const eve = await visit();
  await eve.goto(`/?q=${encodeURIComponent(title)}`);
  await status(eve, "Available").waitFor();
  await hydrated(eve);

  const reservedAt = await watchFor(eve, "Reserved");
  const bea = await person("bea");
  const order = await orderOf(bea, ticket);
  const takenAt = Date.parse(order.createdAt);
  expect((await reservedAt()) - takenAt).toBeLessThan(1000);
  expect(await link(eve, title).count()).toBe(1);
  await bea.cancel(order);
  await status(eve, "Available").waitFor();
});

it("turns an order paid, or cancelled, that another tab has paid or cancelled", async () => {
  const sam = await person("sam");
  const [first, second] = [await ticketOnSale(sam), await ticketOnSale(sam)];
  const { page: bea, client } = await visitSignedIn();
  const order = await orderOf(client, first);
  await bea.goto(`/orders/${order.id}`);
  await heading(bea, "Reserved for you").waitFor();
  await client.pay(order);
  await heading(bea, "It is yours").waitFor();

  const other = await orderOf(client, second);
  await bea.goto(`/orders/${other.id}`);
  await heading(bea, "Reserved for you").waitFor();
  await hydrated(bea);
  await client.cancel(other);
  await heading(bea, "You cancelled this order").waitFor();
});

it("follows the money of an order that was cancelled while its card was being asked", async () => {
  const { page: bea, client } = await visitSignedIn();
  const order = await orderOf(client, await ticketOnSale(await person("sam")));
  await bea.goto(`/orders/${order.id}`);
  await fault({ operation: "charge", kind: "delay", milliseconds: 1500 });
  const paying = client.pay(order);
  await eventually(async () => expect(await bodyOf(client.payments())).toHaveLength(1));
  await client.cancel(order);
  await heading(bea, "Checking your payment").waitFor(); // nobody knows yet whether the card will be charged
  await heading(bea, "You have been refunded").waitFor();
  expect(await paying).toMatchObject({ status: 400, body: { code: "order-cancelled" } });
});

it("shows a new price and a withdrawal to whoever looks at the ticket", async () => {
  const sam = await person("sam");
  const ticket = await ticketOnSale(sam);
  const { page: bea } = await visitSignedIn();
  await bea.goto(`/tickets/${ticket.id}`);
  await hydrated(bea);
  await sam.edit(ticket, { title: ticket.title, price: 31.5 });
  await button(bea, "Reserve for $31.50").waitFor();
  await sam.withdraw(ticket);
  await bea.getByText("Its seller has withdrawn this ticket.").waitFor();
});

it("polls while the stream cannot be had", async () => {
  const sam = await person("sam");
  const ticket = await ticketOnSale(sam);
  const { page: bea } = await visitSignedIn();
  await bea.route("**/api/tickets/stream*", (route) => route.fulfill({ status: 429 }));
  expectFailure(429, "/api/tickets/stream");
  await bea.goto(`/tickets/${ticket.id}`);
  await hydrated(bea);
  await sam.edit(ticket, { title: ticket.title, price: 32.5 });
  await button(bea, "Reserve for $32.50").waitFor();
  await reserve(bea);
});

it("asks for the tickets alone while a list has no stream, and does not render the page for that", async () => {
  const title = `Opera ${randomUUID()}`;
  const ticket = await ticketOnSale(await person("sam"), { title });
  const eve = await visit();
  await eve.route("**/api/tickets/stream*", (route) =>
    route.request().resourceType() === "eventsource" ? route.fulfill({ status: 429 }) : route.continue(),
  );
  expectFailure(429, "/api/tickets/stream");
  await eve.goto(`/?q=${encodeURIComponent(title)}`);
  await hydrated(eve);
  const asked = requestsOf(eve);

  await orderOf(await person("bea"), ticket);
  await status(eve, "Reserved").waitFor();
  expect(asked("/api/tickets/stream")).toBeGreaterThan(0);
  expect([asked("/"), asked("/readyz")]).toEqual([0, 0]);
});

it("says that the session has ended, instead of asking again and again", async () => {
  await whileSessionsLast(10, async () => {
    const { page: bea, client } = await visitSignedIn();
    const { id } = await orderOf(client, await ticketOnSale(await person("sam")));
    const asked = requestsOf(bea);
    expectFailure(401, `/api/orders/${id}/stream`);
    await bea.goto(`/orders/${id}`);
    await heading(bea, "Reserved for you").waitFor();
    await bea.getByText("Your session has ended.").waitFor();
    expect(await heading(bea, "Reserved for you").count()).toBe(1);
    expect(asked(`/api/orders/${id}/stream`)).toBe(3); // what ended, what was refused, and why

    await link(bea, "Sign in again").click();
    await heading(bea, "Sign in").waitFor();
    expect(new URL(bea.url()).searchParams.get("next")).toBe(`/orders/${id}`);
  });
});

/** Counts from now on what a page asks for, by its path; not what is fetched for links that may be followed. */
function requestsOf(page: Page): (path: string) => number {
  const paths: string[] = [];
  page.on("request", (request) => {
    if (!request.headers()["next-router-prefetch"]) paths.push(new URL(request.url()).pathname);
  });
  return (path) => paths.filter((one) => one === path).length;
}
