import type { Page } from "playwright-core";
import { type Client, type Order, type Ticket, bodyOf } from "../client";
import { expectFailure } from "./browser";
import { without } from "./stack-controls";
import { heading, reservation, watchForReloads } from "./page-actions";
import { databaseServices } from "../../infra/services";

interface PageOfParts {
  path: string;
  title?: string;
  /** By service: the notice while it is unavailable, and the content otherwise. */
  parts: Partial<Record<string, { notice: string | RegExp; content?: string }>>;
}

const payments = { notice: /payments are temporarily unavailable\./i };

function pagesFor(order: Order, listing: Ticket): PageOfParts[] {
  const tickets = { notice: "Tickets are temporarily unavailable.", content: order.ticket.title };
  const orders = { notice: "Your orders are temporarily unavailable.", content: order.ticket.title };
  const list = { ...tickets, content: listing.title }; // which omits reserved tickets
  const listings = { notice: "Your listings are temporarily unavailable.", content: listing.title };
  return [
    { path: "/", title: "Tickets, person to person", parts: { tickets: list } },
    { path: `/tickets/${order.ticket.id}`, parts: { tickets } },
    { path: "/orders", title: "My orders", parts: { orders, payments } },
    { path: `/orders/${order.id}`, parts: { orders, payments } },
    { path: "/tickets/new", title: "Sell a ticket", parts: {} },
    { path: "/listings", title: "My listings", parts: { tickets: listings } },
  ];
}

const visible = (page: Page, text: string | RegExp) => page.getByText(text).filter({ visible: true }).first();

/** The page shows everything but the service's part, and a notice in its place. */
async function showsAllBut(page: Page, { parts, title }: PageOfParts, service?: string): Promise<void> {
  if (title) await heading(page, title).waitFor();
  for (const [name, part] of Object.entries(parts)) {
    if (!part) continue;
    await visible(page, part.notice).waitFor({ state: name === service ? "visible" : "hidden" });
    if (name !== service && part.content) await visible(page, part.content).waitFor();
  }
}

async function pagesOfABuyer(): Promise<{ page: Page; client: Client; email: string; pages: PageOfParts[] }> {
  const { page, client, order } = await reservation();
  const listing = await bodyOf(client.sell("A spare seat", 30));
  const { currentUser } = await bodyOf(client.currentUser());
  return { page, client, email: currentUser?.email ?? "", pages: pagesFor(order, listing) };
}

it.each(databaseServices)(
  "degrades only its part of each page while %s is down, and recovers without a reload",
  async (service) => {
    const { page, email, pages } = await pagesOfABuyer();
    const isAuth = service === "auth";
    const opened: { page: Page; shown: PageOfParts; isReloaded: () => Promise<boolean> }[] = [];
    await without(service, async () => {
      for (const shown of pages) {
        const tab = await page.context().newPage();
        expect((await tab.goto(shown.path))?.status()).toBe(200);
        await showsAllBut(tab, shown, service);
        await visible(tab, isAuth ? "Accounts are temporarily unavailable" : email).waitFor();
        await visible(tab, "My orders").waitFor(); // the user stays signed in
        opened.push({ page: tab, shown, isReloaded: await watchForReloads(tab) });
      }
    });
    for (const tab of opened) {
      await tab.page.bringToFront();
      await showsAllBut(tab.page, tab.shown);
      await visible(tab.page, email).waitFor();
      expect(await tab.isReloaded()).toBe(false);
    }
  },
);

it("keeps an open list live after a long outage of tickets", async () => {
  const { page, client } = await pagesOfABuyer();
  await page.goto("/");
  const isReloaded = await watchForReloads(page);
  const newest = page.getByRole("listitem").filter({ hasText: "A spare seat" }).first();
  await newest.getByText("Available").waitFor();
  expectFailure(503, "/api/tickets/stream");
  await without("tickets", () => visible(page, "Tickets are temporarily unavailable.").waitFor());

  await newest.getByText("Available").waitFor();
  const [listing] = await bodyOf(client.tickets("?mine=true"));
  if (!listing) throw new Error("nothing is listed");
  await bodyOf(client.withdraw(listing));
  await newest.getByText("Withdrawn").waitFor();
  expect(await isReloaded()).toBe(false);
});
