import type { Page } from "playwright-core";
import { bodyOf } from "../client";
import { heard } from "../market";
import { fault } from "../stack";
import { hydrated } from "./chromium";
import { without } from "./stack-controls";
import { type Marketplace, type Role, reserve } from "./marketplace";

/** What somebody can come to see. */
export interface State {
  name: string;
  who?: Role;
  path: string | ((market: Marketplace) => string | Promise<string>);
  /** Text that is seen only then. */
  shows: string;
  /** What somebody does on the page before it shows that. */
  act?: (page: Page, market: Marketplace) => Promise<void>;
  /** What of the API refuses it, and how. */
  refused?: [status: number, path: string];
  /** The service that is away meanwhile. */
  away?: string;
}

const ticket = ({ id }: { id: string }) => `/tickets/${id}`;
const order = ({ id }: { id: string }) => `/orders/${id}`;
const press = (name: string) => (page: Page) => page.getByRole("button", { name }).first().click();

export const states: State[] = [
  { name: "tickets", path: "/", shows: "Jazz at the Boathouse" },
  { name: "tickets-signed-in", who: "newcomer", path: "/", shows: "My orders" },
  { name: "tickets-searched", path: "/?q=chamber+seat&sort=price", shows: "Tickets for “chamber seat”" },
  { name: "tickets-none-found", path: "/?q=zeppelin", shows: "Nothing matches" },
  {
    name: "tickets-second-page",
    path: "/",
    shows: "First page",
    act: (page) => page.getByRole("link", { name: "Next page" }).click(),
  },
  { name: "tickets-away", path: "/", shows: "temporarily unavailable", away: "tickets" },
  {
    name: "accounts-away",
    who: "buyer",
    path: "/",
    shows: "Accounts are temporarily unavailable",
    away: "auth",
  },

  { name: "ticket", path: async (market) => ticket(await market.onSale()), shows: "Sign in to reserve it" },
  {
    name: "ticket-signed-in",
    who: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "Until you pay, nothing is charged",
  },
  {
    name: "ticket-reserved",
    who: "buyer",
    path: async (market) => ticket((await market.reserved({ by: "rival" })).ticket),
    shows: "Someone is paying for it",
  },
  {
    name: "ticket-reserved-by-you",
    who: "buyer",
    path: async (market) => ticket((await market.reserved({ by: "buyer" })).ticket),
    shows: "You have reserved this ticket",
  },
  { name: "ticket-sold", path: ({ listings }) => ticket(listings.sold), shows: "This ticket is sold" },
  {
    name: "ticket-bought",
    who: "buyer",
    path: ({ past }) => ticket(past.paid.ticket),
    shows: "You have bought this ticket",
  },
  {
    name: "ticket-withdrawn",
    path: ({ listings }) => ticket(listings.withdrawn),
    shows: "Its seller has withdrawn this ticket",
  },
  {
    name: "ticket-own",
    who: "owner",
    path: ({ listings }) => ticket(listings.available),
    shows: "This is your own listing",
  },
  {
    name: "ticket-own-reserved",
    who: "seller",
    path: async (market) => ticket((await market.reserved({ by: "rival" })).ticket),
    shows: "so it cannot be changed now",
  },
  {
    name: "ticket-own-sold",
    who: "owner",
    path: ({ listings }) => ticket(listings.sold),
    shows: "You sold this ticket",
  },
  {
    name: "ticket-own-withdrawn",
    who: "owner",
    path: ({ listings }) => ticket(listings.withdrawn),
    shows: "You withdrew this ticket",
  },
  {
    name: "ticket-price-changed",
    who: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "Reserve for $40.00",
    refused: [409, "/api/orders"],
    act: (page, { people: { seller } }) =>
      reserveTooLate(page, async (id) => {
        const edited = await bodyOf(seller.client.edit({ id }, { title: "Hamlet, stalls row F", price: 40 }));
        await heard("orders", "tickets", edited);
      }),
  },
  {
    name: "ticket-race-lost",
    who: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "See other tickets",
    refused: [400, "/api/orders"],
    act: (page, { people: { rival } }) =>
      reserveTooLate(page, async (id) => {
        await reserve(rival.client, await bodyOf(rival.client.ticket({ id })));
      }),
  },

  {
    name: "ticket-unregistered",
    who: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "is still being registered",
    refused: [404, "/api/orders"],
    act: async (page) => {
      const body = { code: "not-found", errors: [{ message: "There is no such ticket" }] };
      await page.route("**/api/orders", (route) => route.fulfill({ status: 404, json: body }));
      await press("Reserve for")(page);
    },
  },
  { name: "sell", who: "newcomer", path: "/tickets/new", shows: "Put it on sale" },
  {
    name: "sell-refused",
    who: "newcomer",
    path: "/tickets/new",
    shows: "The title must have 1 to 200 characters",
    refused: [400, "/api/tickets"],
    act: async (page) => {
      await page.getByLabel("Title").fill("   ");
      await page.getByLabel("Price in USD").fill("20");
      await press("Put it on sale")(page);
    },
  },
  {
    name: "sell-session-ended",
    who: "newcomer",
    path: "/tickets/new",
    shows: "what you have typed is kept",
    refused: [401, "/api/tickets"],
    act: async (page) => {
      await page.getByLabel("Title").fill("Harbour cruise");
      await page.getByLabel("Price in USD").fill("20");
      await page.context().clearCookies();
      await press("Put it on sale")(page);
    },
  },
  {
    name: "edit",
    who: "owner",
    path: ({ listings }) => `/tickets/${listings.available.id}/edit`,
    shows: "Save the changes",
  },
  {
    name: "edit-refused",
    who: "seller",
    path: async (market) => `/tickets/${(await market.reserved({ by: "rival" })).ticket.id}/edit`,
    shows: "so it cannot be changed",
  },

  { name: "listings-none", who: "newcomer", path: "/listings", shows: "No listings yet" },
  {
    name: "listings",
    who: "owner",
    path: async ({ people: { owner, rival } }) => {
      const comedy = await bodyOf(owner.client.sell("Comedy night, front row", 22));
      await heard("orders", "tickets", comedy);
      await reserve(rival.client, comedy);
      return "/listings";
    },
    shows: "Comedy night",
  },
  {
    name: "listings-withdraw",
    who: "owner",
    path: "/listings",
    shows: "Withdraw this ticket from sale?",
    act: press("Withdraw"),
  },
  {
    name: "listings-away",
    who: "owner",
    path: "/listings",
    shows: "Your listings are temporarily unavailable",
    away: "tickets",
  },

  { name: "orders-none", who: "newcomer", path: "/orders", shows: "No orders yet" },
  {
    name: "orders",
    who: "buyer",
    path: async (market) => {
      await market.reserved({ by: "buyer" });
      return "/orders";
    },
    shows: "Refunded",
  },
  {
    name: "orders-away",
    who: "buyer",
    path: "/orders",
    shows: "Your orders are temporarily unavailable",
    away: "orders",
  },
  {
    name: "payments-away",
    who: "buyer",
    path: "/orders",
    shows: "Your payments are temporarily unavailable",
    away: "payments",
  },

  {
    name: "order",
    who: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "Test payment.",
  },
  {
    name: "order-declined",
    who: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "try another card",
    refused: [400, "/api/payments"],
    act: async (page) => {
      await press("is declined")(page);
      await press("Pay $")(page);
    },
  },
  {
    name: "order-cancel",
    who: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "Cancel this order?",
    act: press("Cancel the order"),
  },
  {
    name: "order-confirming",
    who: "buyer",
    path: async (market) => order(await market.beingPaid({ by: "buyer" })),
    shows: "Your card is being charged",
  },
  { name: "order-paid", who: "buyer", path: ({ past }) => order(past.paid), shows: "the ticket is yours" },
  {
    name: "order-expired",
    who: "buyer",
    path: ({ past }) => order(past.expired),
    shows: "The reservation has ended",
  },
  {
    name: "order-cancelled",
    who: "buyer",
    path: ({ past }) => order(past.cancelled),
    shows: "You cancelled this order",
  },
  {
    name: "order-uncertain",
    who: "buyer",
    path: async (market) => {
      const late = await market.beingPaid({ by: "buyer" });
      await bodyOf(market.people.buyer.client.cancel(late));
      return order(late);
    },
    shows: "Checking your payment",
  },
  {
    name: "order-refunding",
    who: "buyer",
    path: async (market) => {
      await fault({ kind: "fail", operation: "refund", status: 503, beforeWork: true, times: 8 }); // the order before takes some
      const late = await market.beingPaid({ by: "buyer" });
      await bodyOf(market.people.buyer.client.cancel(late));
      return order(late);
    },
    shows: "Your refund is on its way",
  },
  {
    name: "order-refunded",
    who: "buyer",
    path: ({ past }) => order(past.refunded),
    shows: "You have been refunded",
  },
  { name: "receipt", who: "buyer", path: ({ past }) => `${order(past.paid)}/receipt`, shows: "ch_" },

  { name: "sign-up", path: "/auth/signup", shows: "8 to 128 characters" },
  {
    name: "sign-up-refused",
    path: "/auth/signup",
    shows: "An account with this email already exists",
    refused: [400, "/api/users/signup"],
    act: async (page, { people: { buyer } }) => {
      await fillSession(page, buyer.email, "correct horse");
      await press("Sign up")(page);
    },
  },
  { name: "sign-in", path: "/auth/signin?next=/orders", shows: "continue where you left off" },
  {
    name: "sign-in-refused",
    path: "/auth/signin",
    shows: "Incorrect email or password",
    refused: [400, "/api/users/signin"],
    act: async (page, { people: { buyer } }) => {
      await fillSession(page, buyer.email, "wrong horse");
      await press("Sign in")(page);
    },
  },
  { name: "sign-out", who: "buyer", path: "/auth/signout", shows: "Sign out?" },
  { name: "nothing-here", path: "/nowhere", shows: "There is nothing here", refused: [404, "/nowhere"] },
];

/** Brings the page there, and looks. */
export async function see(state: State, page: Page, market: Marketplace, look: () => Promise<void>) {
  const { who, path, act, shows, away } = state;
  const open = async () => {
    await page.goto(typeof path === "string" ? path : await path(market));
    await hydrated(page);
    await act?.(page, market);
    await page.getByText(shows).first().waitFor();
    await page.locator("title").first().waitFor({ state: "attached" }); // away while a page is rendered again
    await look();
  };
  if (who) await market.signIn(page, who);
  await (away ? without(away, open) : open());
}

async function fillSession(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
}

/** Reserves, but something else comes to the ticket while the request is on its way. */
async function reserveTooLate(page: Page, overtake: (ticketId: string) => Promise<void>): Promise<void> {
  await page.route("**/api/orders", async (route) => {
    await overtake(new URL(page.url()).pathname.split("/").at(-1) ?? "");
    await route.continue();
  });
  await press("Reserve for")(page);
}
