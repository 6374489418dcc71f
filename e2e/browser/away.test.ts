import type { Page } from "playwright-core";
import { type Client, type Order, type Ticket, bodyOf } from "../client";
import { expectFailure } from "./browser";
import { without } from "./stack-controls";
import { heading, reservation, watchForReloads } from "./page-actions";

interface PageOfParts {
  path: string;
  title?: string;
  /** What is said when a service is away, and what is there when it is not. */
  parts: Partial<Record<string, { isAway: string | RegExp; content?: string }>>;
}

const payments = { isAway: /payments are temporarily unavailable\./i };

function pagesFor(order: Order, listing: Ticket): PageOfParts[] {
  const tickets = { isAway: "Tickets are temporarily unavailable.", content: order.ticket.title };
  const orders = { isAway: "Your orders are temporarily unavailable.", content: order.ticket.title };
  const list = { ...tickets, content: listing.title }; // what is reserved is not in it
  const listings = { isAway: "Your listings are temporarily unavailable.", content: listing.title };
  return [
    { path: "/", title: "Tickets from person to person", parts: { tickets: list } },
    { path: `/tickets/${order.ticket.id}`, parts: { tickets } },
    { path: "/orders", title: "My orders", parts: { orders, payments } },
    { path: `/orders/${order.id}`, parts: { orders, payments } },
    { path: "/tickets/new", title: "Sell a ticket", parts: {} },
    { path: "/listings", title: "My listings", parts: { tickets: listings } },
  ];
}

const visible = (page: Page, text: string | RegExp) => page.getByText(text).filter({ visible: true }).first();

/** Everything is there but the part of the service, which says so. */
async function showsAllBut(page: Page, { parts, title }: PageOfParts, service?: string): Promise<void> {
  if (title) await heading(page, title).waitFor();
  for (const [name, part] of Object.entries(parts)) {
    if (!part) continue;
    await visible(page, part.isAway).waitFor({ state: name === service ? "visible" : "hidden" });
    if (name !== service && part.content) await visible(page, part.content).waitFor();
  }
}

async function pagesOfABuyer(): Promise<{ page: Page; client: Client; email: string; pages: PageOfParts[] }> {
  const { page, client, order } = await reservation();
  const listing = await bodyOf(client.sell("A spare seat", 30));
  const { currentUser } = await bodyOf(client.currentUser());
  return { page, client, email: currentUser?.email ?? "", pages: pagesFor(order, listing) };
}

it.each(["auth", "tickets", "orders", "payments"])(
  "shows all but its part of each page while %s is away, and that as well when it is back",
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
        await visible(tab, "My orders").waitFor(); // nobody is signed out
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

it("keeps an open list alive while tickets is away for longer than a moment", async () => {
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
