import type { Page } from "playwright-core";
import { bodyOf } from "../client";
import { linkTo } from "../mailbox";
import { replicated } from "../setup";
import { endFaults, fault } from "../stack";
import { hydrated } from "./chromium";
import { whilePayingByCharges, without } from "./stack-controls";
import { type Marketplace, type Role, reserve } from "./marketplace";

/** A state that users can see. */
export interface State {
  name: string;
  role?: Role;
  path: string | ((market: Marketplace) => string | Promise<string>);
  /** Text that only this state shows. */
  shows: string;
  /** Brings the page into the state. */
  act?: (page: Page, market: Marketplace) => Promise<void>;
  /** The failed request that leads to the state. */
  failure?: [status: number, path: string];
  /** The service that is down meanwhile. */
  stopped?: string;
  /** New payments use charges. */
  byCharges?: true;
}

const ticket = ({ id }: { id: string }) => `/tickets/${id}`;
const order = ({ id }: { id: string }) => `/orders/${id}`;
const userFound = (role: Role) => (market: Marketplace) =>
  `/admin?${new URLSearchParams({ email: market.users[role].email }).toString()}`;
const press = (name: string) => (page: Page) => page.getByRole("button", { name }).first().click();

export const states: State[] = [
  { name: "tickets", path: "/", shows: "Jazz at the Boathouse" },
  { name: "tickets-signed-in", role: "newcomer", path: "/", shows: "My orders" },
  { name: "tickets-searched", path: "/?q=chamber+seat&sort=price", shows: "Tickets for “chamber seat”" },
  { name: "tickets-none-found", path: "/?q=zeppelin", shows: "No tickets match" },
  {
    name: "tickets-second-page",
    path: "/",
    shows: "First page",
    act: (page) => page.getByRole("link", { name: "Next page" }).click(),
  },
  { name: "tickets-unavailable", path: "/", shows: "temporarily unavailable", stopped: "tickets" },
  {
    name: "accounts-unavailable",
    role: "buyer",
    path: "/",
    shows: "Accounts are temporarily unavailable",
    stopped: "auth",
  },

  { name: "ticket", path: async (market) => ticket(await market.onSale()), shows: "Sign in to reserve it" },
  {
    name: "ticket-signed-in",
    role: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "Reserving is free",
  },
  {
    name: "ticket-reserved",
    role: "buyer",
    path: async (market) => ticket((await market.reserved({ by: "rival" })).ticket),
    shows: "Someone is paying for it",
  },
  {
    name: "ticket-reserved-by-you",
    role: "buyer",
    path: async (market) => ticket((await market.reserved({ by: "buyer" })).ticket),
    shows: "You have reserved this ticket",
  },
  { name: "ticket-sold", path: ({ listings }) => ticket(listings.sold), shows: "This ticket has been sold" },
  {
    name: "ticket-bought",
    role: "buyer",
    path: ({ past }) => ticket(past.paid.ticket),
    shows: "You have bought this ticket",
  },
  {
    name: "ticket-withdrawn",
    path: ({ listings }) => ticket(listings.withdrawn),
    shows: "The seller has withdrawn this ticket",
  },
  {
    name: "ticket-own",
    role: "owner",
    path: ({ listings }) => ticket(listings.available),
    shows: "This is your own listing",
  },
  {
    name: "ticket-own-reserved",
    role: "seller",
    path: async (market) => ticket((await market.reserved({ by: "rival" })).ticket),
    shows: "so it cannot be changed now",
  },
  {
    name: "ticket-own-sold",
    role: "owner",
    path: ({ listings }) => ticket(listings.sold),
    shows: "You sold this ticket",
  },
  {
    name: "ticket-own-withdrawn",
    role: "owner",
    path: ({ listings }) => ticket(listings.withdrawn),
    shows: "You withdrew this ticket",
  },
  {
    name: "ticket-price-changed",
    role: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "Reserve for $40.00",
    failure: [409, "/api/orders"],
    act: (page, { users: { seller } }) =>
      reserveTooLate(page, async (id) => {
        const edited = await bodyOf(seller.client.edit({ id }, { title: "Hamlet, stalls row F", price: 40 }));
        await replicated("orders", "tickets", edited);
      }),
  },
  {
    name: "ticket-race-lost",
    role: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "Browse other tickets",
    failure: [400, "/api/orders"],
    act: (page, { users: { rival } }) =>
      reserveTooLate(page, async (id) => {
        await reserve(rival.client, await bodyOf(rival.client.ticket({ id })));
      }),
  },

  {
    name: "ticket-unregistered",
    role: "buyer",
    path: async (market) => ticket(await market.onSale()),
    shows: "cannot be reserved yet",
    failure: [404, "/api/orders"],
    act: async (page) => {
      const body = { code: "not-found", errors: [{ message: "There is no such ticket" }] };
      await page.route("**/api/orders", (route) => route.fulfill({ status: 404, json: body }));
      await press("Reserve for")(page);
    },
  },
  { name: "sell", role: "newcomer", path: "/tickets/new", shows: "List ticket" },
  {
    name: "sell-refused",
    role: "newcomer",
    path: "/tickets/new",
    shows: "The title must have 1 to 200 characters",
    failure: [400, "/api/tickets"],
    act: async (page) => {
      await page.getByLabel("Title").fill("   ");
      await page.getByLabel("Price in USD").fill("20");
      await press("List ticket")(page);
    },
  },
  {
    name: "sell-session-ended",
    role: "newcomer",
    path: "/tickets/new",
    shows: "your input has been saved",
    failure: [401, "/api/tickets"],
    act: async (page) => {
      await page.getByLabel("Title").fill("Harbour cruise");
      await page.getByLabel("Price in USD").fill("20");
      await page.context().clearCookies();
      await press("List ticket")(page);
    },
  },
  {
    name: "edit",
    role: "owner",
    path: ({ listings }) => `/tickets/${listings.available.id}/edit`,
    shows: "Save changes",
  },
  {
    name: "edit-refused",
    role: "seller",
    path: async (market) => `/tickets/${(await market.reserved({ by: "rival" })).ticket.id}/edit`,
    shows: "so it cannot be changed",
  },

  { name: "listings-none", role: "newcomer", path: "/listings", shows: "No listings yet" },
  {
    name: "listings",
    role: "owner",
    path: async ({ users: { owner, rival } }) => {
      const comedy = await bodyOf(owner.client.sell("Comedy night, front row", 22));
      await replicated("orders", "tickets", comedy);
      await reserve(rival.client, comedy);
      return "/listings";
    },
    shows: "Comedy night",
  },
  {
    name: "listings-withdraw",
    role: "owner",
    path: "/listings",
    shows: "Withdraw this ticket from sale?",
    act: press("Withdraw"),
  },
  {
    name: "listings-unavailable",
    role: "owner",
    path: "/listings",
    shows: "Your listings are temporarily unavailable",
    stopped: "tickets",
  },

  { name: "sales-none", role: "newcomer", path: "/listings/sales", shows: "No sales yet" },
  { name: "sales", role: "owner", path: "/listings/sales", shows: "Pub quiz, a team of four" },
  {
    name: "sales-unavailable",
    role: "owner",
    path: "/listings/sales",
    shows: "Your sales are temporarily unavailable",
    stopped: "orders",
  },

  { name: "users", role: "admin", path: "/admin", shows: "Users" },
  {
    name: "user-not-found",
    role: "admin",
    path: "/admin?email=nobody@example.com",
    shows: "No account found",
  },
  { name: "user", role: "admin", path: userFound("newcomer"), shows: "Ban this user" },
  { name: "user-banned", role: "admin", path: userFound("forger"), shows: "Sells forged tickets" },
  {
    name: "users-unavailable",
    role: "admin",
    path: "/admin",
    shows: "Accounts are temporarily unavailable",
    stopped: "auth",
  },
  {
    name: "users-not-admin",
    role: "buyer",
    path: "/admin",
    shows: "Page not found",
    failure: [404, "/admin"],
  },

  { name: "orders-none", role: "newcomer", path: "/orders", shows: "No orders yet" },
  {
    name: "orders",
    role: "buyer",
    path: async (market) => {
      await market.reserved({ by: "buyer" });
      return "/orders";
    },
    shows: "Refunded",
  },
  {
    name: "orders-unavailable",
    role: "buyer",
    path: "/orders",
    shows: "Your orders are temporarily unavailable",
    stopped: "orders",
  },
  {
    name: "payments-unavailable",
    role: "buyer",
    path: "/orders",
    shows: "Your payments are temporarily unavailable",
    stopped: "payments",
  },

  {
    name: "order",
    role: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "Test payment.",
  },
  {
    name: "order-declined",
    role: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "try another card",
    failure: [400, "/api/payments"],
    act: async (page) => {
      await press("is declined")(page);
      await press("Pay $")(page);
    },
  },
  {
    name: "order-cancel",
    role: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "Cancel this order?",
    act: press("Cancel order"),
  },
  {
    name: "order-confirming",
    role: "buyer",
    path: async (market) => order(await market.beingPaid({ by: "buyer" })),
    shows: "Your bank is checking your card",
  },
  {
    name: "order-being-charged",
    role: "buyer",
    path: async (market) => order(await market.beingCharged({ by: "buyer" })),
    shows: "Your card is being charged",
    byCharges: true,
  },
  {
    name: "order-3ds",
    role: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "your bank would ask you here",
    act: payWithChallenge,
  },
  {
    name: "order-3ds-closed",
    role: "buyer",
    path: async (market) => order(await market.reserved({ by: "buyer" })),
    shows: "Your bank has not confirmed this payment yet",
    act: async (page) => {
      await payWithChallenge(page);
      await press("Close without responding")(page);
    },
  },
  {
    name: "order-granted",
    role: "buyer",
    path: async (market) => order(await market.beingCaptured({ by: "buyer" })),
    shows: "the ticket is held for you",
  },
  {
    name: "order-paid-with-history",
    role: "buyer",
    path: async (market) => order(await market.paid({ by: "buyer" })),
    shows: "Amount held",
  },
  {
    name: "order-changed-at-stripe",
    role: "buyer",
    path: async (market) => order(await market.changedAtStripe({ by: "buyer" })),
    shows: "Refunded to your card",
  },
  {
    name: "receipt-changed-at-stripe",
    role: "buyer",
    path: async (market) => `${order(await market.changedAtStripe({ by: "buyer" }))}/receipt`,
    shows: "Disputed on",
  },
  {
    name: "order-hold-released",
    role: "buyer",
    path: async (market) => order(await market.released({ by: "buyer" })),
    shows: "Hold released",
  },
  { name: "order-paid", role: "buyer", path: ({ past }) => order(past.paid), shows: "the ticket is yours" },
  {
    name: "order-expired",
    role: "buyer",
    path: ({ past }) => order(past.expired),
    shows: "Your reservation has ended",
  },
  {
    name: "order-cancelled",
    role: "buyer",
    path: ({ past }) => order(past.cancelled),
    shows: "You cancelled this order",
  },
  {
    name: "order-uncertain",
    role: "buyer",
    path: async (market) => {
      const late = await market.beingCharged({ by: "buyer" });
      await bodyOf(market.users.buyer.client.cancel(late));
      return order(late);
    },
    shows: "Checking your payment",
    byCharges: true,
  },
  {
    name: "order-refunding",
    role: "buyer",
    path: async (market) => {
      const late = await market.beingCharged({ by: "buyer" });
      await bodyOf(market.users.buyer.client.cancel(late));
      await fault({ kind: "fail", operation: "refund", status: 503, beforeWork: true, times: 8 });
      await endFaults("charge");
      return order(late);
    },
    shows: "Your refund is on its way",
    byCharges: true,
  },
  {
    name: "order-refunded",
    role: "buyer",
    path: ({ past }) => order(past.refunded),
    shows: "You have been refunded",
  },
  { name: "receipt", role: "buyer", path: ({ past }) => `${order(past.paid)}/receipt`, shows: "ch_" },

  { name: "sign-up", path: "/auth/signup", shows: "8 to 128 characters" },
  {
    name: "sign-up-refused",
    path: "/auth/signup",
    shows: "An account with this email already exists",
    failure: [400, "/api/users/signup"],
    act: async (page, { users: { buyer } }) => {
      await fillSession(page, buyer.email, "correct horse");
      await press("Sign up")(page);
    },
  },
  { name: "sign-in", path: "/auth/signin?next=/orders", shows: "continue where you left off" },
  {
    name: "sign-in-refused",
    path: "/auth/signin",
    shows: "Incorrect email or password",
    failure: [400, "/api/users/signin"],
    act: async (page, { users: { buyer } }) => {
      await fillSession(page, buyer.email, "wrong horse");
      await press("Sign in")(page);
    },
  },
  { name: "sign-out", role: "buyer", path: "/auth/signout", shows: "Sign out?" },
  { name: "forgot-password", path: "/forgot-password", shows: "we will send you a link" },
  { name: "forgot-password-sent", path: "/forgot-password?sent", shows: "we have sent a link to it" },
  { name: "reset-password", path: "/reset-password?token=x", shows: "8 to 128 characters" },
  {
    name: "reset-password-refused",
    path: "/reset-password?token=x",
    shows: "This link has expired",
    failure: [400, "/api/users/password-reset/confirm"],
    act: async (page) => {
      await page.getByLabel("New password").fill("correct horse");
      await press("Save")(page);
    },
  },
  { name: "password-changed", path: "/auth/signin?reset", shows: "Your password was changed" },
  { name: "verify-email", path: "/verify-email?token=x", shows: "Press the button" },
  {
    name: "verify-email-refused",
    role: "buyer",
    path: "/verify-email?token=x",
    shows: "Send the email again",
    act: press("Confirm"),
  },
  { name: "email-verified", path: "/verify-email?verified", shows: "Email confirmed" },

  { name: "account", role: "newcomer", path: "/account", shows: "Send a confirmation email" },
  {
    name: "account-confirmed",
    role: "owner",
    path: async ({ users: { owner } }) => {
      const [, token] = (await linkTo(owner.email, "Confirm your email address")).split("token=");
      await owner.client.send("POST", "/api/users/verification/confirm", { token });
      return "/account";
    },
    shows: "Your account",
    act: (page) => page.getByText("Confirmed", { exact: true }).waitFor(),
  },
  {
    name: "account-mail-sent",
    role: "newcomer",
    path: "/account?done=verification",
    shows: "We have sent you an email with a link",
  },
  {
    name: "account-password-changed",
    role: "owner",
    path: "/account?done=password",
    shows: "Your password was changed",
  },
  {
    name: "account-password-refused",
    role: "buyer",
    path: "/account",
    shows: "Incorrect password",
    failure: [400, "/api/users/password"],
    act: async (page) => {
      await page.getByLabel("Current password").fill("wrong horse");
      await page.getByLabel("New password").fill("battery staple");
      await press("Change password")(page);
    },
  },
  {
    name: "account-signed-out-elsewhere",
    role: "buyer",
    path: "/account?done=sessions",
    shows: "You are signed out on all other devices",
  },
  {
    name: "account-session-ended",
    role: "buyer",
    path: "/account",
    shows: "You are no longer signed in",
    failure: [401, "/api/users/sessions"],
    act: async (page) => {
      await page.context().clearCookies();
      await press("Sign out on all other devices")(page);
    },
  },
  {
    name: "account-delete",
    role: "buyer",
    path: "/account/delete",
    shows: "This cannot be undone",
  },
  {
    name: "account-delete-refused",
    role: "admin",
    path: "/account/delete",
    shows: "cannot be deleted until the role is revoked",
    failure: [403, "/api/users/deletion"],
    act: async (page, { users: { admin } }) => {
      await page.getByLabel("Password").fill(admin.password);
      await press("Delete account")(page);
    },
  },
  { name: "account-deleted", path: "/account?done=deletion", shows: "Account deleted" },
  {
    name: "account-unavailable",
    role: "buyer",
    path: "/account",
    shows: "Accounts are temporarily unavailable",
    stopped: "auth",
  },
  {
    name: "api",
    path: "/api/docs",
    shows: "The token of the card, from Stripe",
    act: (page) => page.getByText("POST /api/payments", { exact: true }).click(),
  },
  {
    name: "events",
    path: "/api/docs/events",
    shows: "The end of the reservation, unless the order is complete",
    act: (page) => page.getByText("order:created", { exact: true }).click(),
  },
  { name: "not-found", path: "/nowhere", shows: "Page not found", failure: [404, "/nowhere"] },
];

/** Opens the page in this state, then calls `inspect`. */
export async function open(state: State, page: Page, market: Marketplace, inspect: () => Promise<void>) {
  const { role, stopped, byCharges } = state;
  const showIt = () => show(state, page, market, inspect);
  if (role) await market.signIn(page, role);
  if (stopped) await without(stopped, showIt);
  else if (byCharges) await whilePayingByCharges(showIt);
  else await showIt();
}

/** The same, for a page and a stack that are ready for the state. */
export async function show(
  { path, act, shows }: State,
  page: Page,
  market: Marketplace,
  inspect: () => Promise<void>,
): Promise<void> {
  await page.goto(typeof path === "string" ? path : await path(market));
  await hydrated(page);
  await act?.(page, market);
  await page.getByText(shows).first().waitFor();
  await inspect();
  await endFaults(); // of orders that were being paid
}

async function payWithChallenge(page: Page): Promise<void> {
  await press("requires 3-D Secure")(page);
  await press("Pay $")(page);
}

async function fillSession(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
}

/** Reserves, but lets `overtake` change the ticket before the request is sent. */
async function reserveTooLate(page: Page, overtake: (ticketId: string) => Promise<void>): Promise<void> {
  await page.route("**/api/orders", async (route) => {
    await overtake(new URL(page.url()).pathname.split("/").at(-1) ?? "");
    await route.continue();
  });
  await press("Reserve for")(page);
}
