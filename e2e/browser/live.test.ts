import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "../setup";
import { expectFailure, visit, visitSignedIn } from "./browser";
import { hydrated } from "./chromium";
import { whileSessionsLast } from "./stack-controls";
import { button, heading, link, reserve, status } from "./page-actions";

/** Less than a page without a stream would take: it reads the list again after 5 s. */
const byPollingMs = 3000;

/** Records when the text first appears, independent of polling. */
async function watchFor(page: Page, text: string): Promise<() => Promise<number>> {
  await page.evaluate(`
    shownAt = undefined;
    const look = () => {
      if (document.querySelector("main").textContent.includes(${JSON.stringify(text)})) shownAt ??= Date.now();
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  `);
  return () =>
    eventually(async () => {
      const shownAt = await page.evaluate<number | undefined>("shownAt");
      if (!shownAt) throw new Error(`The page does not show: ${text}`);
      return shownAt;
    });
}

it("tells the loser of a race what happened and what to do next", async () => {
  const ticket = await ticketOnSale(await newUser("seller"));
  const [{ page: buyer }, { page: visitor }] = [await visitSignedIn(), await visitSignedIn()];
  await Promise.all([buyer, visitor].map((page) => page.goto(`/tickets/${ticket.id}`)));
  await Promise.all([buyer, visitor].map(hydrated));
  // Orders must decide the race, not the stream that reports its end.
  await visitor.route("**/api/orders", async (route) => {
    await heading(buyer, "Reserved for you").waitFor();
    await route.continue();
  });
  expectFailure(400, "/api/orders");
  await Promise.all([buyer, visitor].map((page) => button(page, /^Reserve for/).click()));
  await heading(buyer, "Reserved for you").waitFor();
  await visitor.getByText("Someone else has reserved this ticket.").waitFor();
  await visitor.getByText("Someone is paying for it.").waitFor();
  expect(await button(visitor, /^Reserve for/).count()).toBe(0);
  await link(visitor, "other tickets").click();
  await heading(visitor, "Tickets, person to person").waitFor();
});

it("marks a reserved ticket on every list at once, and restores it", async () => {
  const title = `Opera ${randomUUID()}`;
  const ticket = await ticketOnSale(await newUser("seller"), { title });
  const visitor = await visit();
  await visitor.goto(`/?q=${encodeURIComponent(title)}`);
  await status(visitor, "Available").waitFor();
  await hydrated(visitor);

  const reservedAt = await watchFor(visitor, "Reserved");
  const buyer = await newUser("buyer");
  const order = await orderOf(buyer, ticket);
  const takenAt = Date.parse(order.createdAt);
  expect((await reservedAt()) - takenAt).toBeLessThan(byPollingMs);
  expect(await link(visitor, title).count()).toBe(1);
  await buyer.cancel(order);
  await status(visitor, "Available").waitFor();
});

it("shows a ticket that is put on sale on every list that it belongs to at once", async () => {
  const title = `Viola ${randomUUID()}`;
  const seller = await newUser("seller");
  const lists = ["/", "/?sort=price", `/?q=${encodeURIComponent(title)}`, "/?q=cello"];
  const pages = await Promise.all(
    lists.map(async (path) => {
      const page = await visit();
      await page.goto(path);
      await hydrated(page);
      return page;
    }),
  );
  const [other] = pages.splice(-1);
  const shownAt = await Promise.all(pages.map((page) => watchFor(page, title)));
  const { createdAt } = await ticketOnSale(seller, { title, price: 0.5 });
  for (const shown of shownAt) expect((await shown()) - Date.parse(createdAt)).toBeLessThan(byPollingMs);
  expect(await other?.getByText(title).count()).toBe(0);
});

it("updates an order that was paid or cancelled in another tab", async () => {
  const seller = await newUser("seller");
  const [first, second] = [await ticketOnSale(seller), await ticketOnSale(seller)];
  const { page: buyer, client } = await visitSignedIn();
  const order = await orderOf(client, first);
  await buyer.goto(`/orders/${order.id}`);
  await heading(buyer, "Reserved for you").waitFor();
  await client.pay(order);
  await heading(buyer, "The ticket is yours").waitFor();

  const other = await orderOf(client, second);
  await buyer.goto(`/orders/${other.id}`);
  await heading(buyer, "Reserved for you").waitFor();
  await hydrated(buyer);
  await client.cancel(other);
  await heading(buyer, "You cancelled this order").waitFor();
});

it("shows a new price and a withdrawal on an open page", async () => {
  const seller = await newUser("seller");
  const ticket = await ticketOnSale(seller);
  const { page: buyer } = await visitSignedIn();
  await buyer.goto(`/tickets/${ticket.id}`);
  await hydrated(buyer);
  await seller.edit(ticket, { title: ticket.title, price: 31.5 });
  await button(buyer, "Reserve for $31.50").waitFor();
  await seller.withdraw(ticket);
  await buyer.getByText("The seller has withdrawn this ticket.").waitFor();
});

it("polls while the stream is rejected", async () => {
  const seller = await newUser("seller");
  const ticket = await ticketOnSale(seller);
  const { page: buyer } = await visitSignedIn();
  await buyer.route("**/api/tickets/stream*", (route) => route.fulfill({ status: 429 }));
  expectFailure(429, "/api/tickets/stream");
  await buyer.goto(`/tickets/${ticket.id}`);
  await hydrated(buyer);
  await seller.edit(ticket, { title: ticket.title, price: 32.5 });
  await button(buyer, "Reserve for $32.50").waitFor();
  await reserve(buyer);
});

it("polls a list's tickets without rendering the page while the stream is rejected", async () => {
  const title = `Opera ${randomUUID()}`;
  const ticket = await ticketOnSale(await newUser("seller"), { title });
  const visitor = await visit();
  await visitor.route("**/api/tickets/stream*", (route) =>
    route.request().resourceType() === "eventsource" ? route.fulfill({ status: 429 }) : route.continue(),
  );
  expectFailure(429, "/api/tickets/stream");
  await visitor.goto(`/?q=${encodeURIComponent(title)}`);
  await hydrated(visitor);
  const requests = requestsOf(visitor);

  await orderOf(await newUser("buyer"), ticket);
  await status(visitor, "Reserved").waitFor();
  expect(requests("/api/tickets/stream")).toBeGreaterThan(0);
  expect([requests("/"), requests("/readyz")]).toEqual([0, 0]);
});

it("shows that the session has ended, and stops polling", async () => {
  await whileSessionsLast(10, async () => {
    const { page: buyer, client } = await visitSignedIn();
    const { id } = await orderOf(client, await ticketOnSale(await newUser("seller")));
    const requests = requestsOf(buyer);
    expectFailure(401, `/api/orders/${id}/stream`);
    await buyer.goto(`/orders/${id}`);
    await heading(buyer, "Reserved for you").waitFor();
    await buyer.getByText("Your session has ended.").waitFor();
    expect(await heading(buyer, "Reserved for you").count()).toBe(1);
    expect(requests(`/api/orders/${id}/stream`)).toBe(3); // the stream that ended, the one that was rejected, and the request for its status

    await link(buyer, "Sign in again").click();
    await heading(buyer, "Sign in").waitFor();
    expect(new URL(buyer.url()).searchParams.get("next")).toBe(`/orders/${id}`);
  });
});

/** Counts the page's requests by path from now on, without prefetches. */
function requestsOf(page: Page): (path: string) => number {
  const paths: string[] = [];
  page.on("request", (request) => {
    if (!request.headers()["next-router-prefetch"]) paths.push(new URL(request.url()).pathname);
  });
  return (path) => paths.filter((each) => each === path).length;
}
