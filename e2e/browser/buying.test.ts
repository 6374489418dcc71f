import { randomUUID } from "node:crypto";
import { person } from "../client";
import { orderOf, ticketOnSale } from "../market";
import { expectFailure, visit, visitSignedIn } from "./browser";
import { whileReservationsLast } from "./stack-controls";
import { hydrated } from "./chromium";
import { button, find, heading, link, payWith, reserve, signUp, status } from "./page-actions";

it("takes a ticket from its seller to its buyer and his receipt", async () => {
  const [sam, bea] = [await visit(), await visit({ screen: "phone" })];
  const title = `Opera gala ${randomUUID()}`;
  await signUp(sam, "sam");
  await link(sam, "Sell").click();
  await sam.getByLabel("Title").fill(title);
  await sam.getByLabel("Price in USD").fill("64.5");
  await button(sam, "Put it on sale").click();
  await heading(sam, title).waitFor();
  await sam.getByText("This is your own listing.").waitFor();

  await signUp(bea, "bea");
  await find(bea, title);
  await bea.getByText("You will have 1 minute to pay").waitFor();
  await reserve(bea);
  await payWith(bea, /pays$/);
  await heading(bea, "It is yours").waitFor();
  await link(bea, "See your receipt").click();
  await heading(bea, "Receipt").waitFor();
  const receipt = await bea.locator("main").textContent();
  expect(receipt).toContain(title);
  expect(receipt).toContain("$64.50");
  expect(receipt).toMatch(/Charge\s*ch_\w+/);

  await sam.getByText("You sold this ticket.").waitFor();
  await link(sam, "My listings").click();
  await status(sam, "Sold").waitFor();
  await link(bea, "My orders").click();
  await status(bea, "Paid").waitFor();
});

it("lets the seller change the price and withdraw the ticket", async () => {
  const { page: sam } = await visitSignedIn();
  await sam.goto("/tickets/new");
  await hydrated(sam);
  await sam.getByLabel("Title").fill("Wine tasting");
  await sam.getByLabel("Price in USD").fill("30");
  await button(sam, "Put it on sale").click();
  await link(sam, "Edit").click();
  await sam.getByLabel("Price in USD").fill("27.75");
  await button(sam, "Save the changes").click();
  await sam.getByText("$27.75").waitFor();
  await button(sam, "Withdraw").click();
  await button(sam, "Withdraw it").click();
  await sam.getByText("You withdrew this ticket from sale.").waitFor();
  expect(await link(sam, "Edit").count()).toBe(0);
});

it("shows what is wrong with an input on its field, and keeps what was typed", async () => {
  const { page: sam } = await visitSignedIn();
  await sam.goto("/tickets/new");
  await hydrated(sam);
  await sam.getByLabel("Title").fill("   ");
  await sam.getByLabel("Price in USD").fill("12");
  expectFailure(400, "/api/tickets");
  await button(sam, "Put it on sale").click();
  const title = sam.getByLabel("Title");
  await sam.locator("[aria-invalid=true]").waitFor();
  expect(await title.getAttribute("aria-invalid")).toBe("true");
  expect(await sam.locator(":focus").getAttribute("name")).toBe("title");
  const description = await title.getAttribute("aria-describedby");
  expect(description?.split(" ")).toHaveLength(2); // the hint, and what is wrong
  expect(await sam.getByLabel("Price in USD").inputValue()).toBe("12");
});

it("gives a ticket back when the buyer cancels", async () => {
  const ticket = await ticketOnSale(await person("sam"));
  const { page: bea } = await visitSignedIn();
  await bea.goto(`/tickets/${ticket.id}`);
  await reserve(bea);
  await button(bea, "Cancel the order").click();
  await bea.getByRole("dialog").getByRole("button", { name: "Keep it" }).click();
  await heading(bea, "Reserved for you").waitFor();
  await button(bea, "Cancel the order").click();
  await bea.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
  await heading(bea, "You cancelled this order").waitFor();
  await reserve(bea);
});

it("ends a reservation with its time, and offers the ticket again", async () => {
  const ticket = await ticketOnSale(await person("sam"));
  const { page: bea } = await visitSignedIn();
  const { page: eve } = await visitSignedIn();
  await whileReservationsLast(6, async () => {
    await bea.goto(`/tickets/${ticket.id}`);
    await bea.getByText("You will have 6 seconds to pay").waitFor();
    await reserve(bea);
    await eve.goto(`/tickets/${ticket.id}`);
    await eve.getByText("Someone is paying for it.").waitFor();
    await heading(bea, "Your time is up").waitFor();
    await bea.getByText("You have not been charged.").waitFor();
    expect(await button(bea, /^Pay/).count()).toBe(0);
    await button(eve, /^Reserve for/).waitFor(); // by itself
  });
  await reserve(bea);
  await eve.getByText("Someone is paying for it.").waitFor();
});

it("refuses an edit that is sent while somebody pays, in words", async () => {
  const { page: sam, client } = await visitSignedIn();
  const ticket = await ticketOnSale(client);
  await sam.goto(`/tickets/${ticket.id}/edit`);
  await hydrated(sam);
  await sam.getByLabel("Price in USD").fill("99");
  await orderOf(await person("bea"), ticket);
  expectFailure(400, `/api/tickets/${ticket.id}`);
  await button(sam, "Save the changes").click();
  await sam.getByText("Somebody has reserved or bought this ticket").waitFor();
  expect(await sam.getByLabel("Price in USD").inputValue()).toBe("99");
  await sam.reload();
  await sam.getByText("is reserved, so it cannot be changed").waitFor();
});

it("does not charge a price that the buyer was not shown", async () => {
  const sam = await person("sam");
  const ticket = await ticketOnSale(sam);
  const { page: bea } = await visitSignedIn();
  await bea.route("**/api/tickets/stream*", (route) => route.abort()); // so that the old price stays on the page
  expectFailure("net::ERR_FAILED", "/api/tickets/stream");
  await bea.goto(`/tickets/${ticket.id}`);
  await button(bea, /^Reserve for/).waitFor();
  await hydrated(bea);
  await sam.edit(ticket, { title: ticket.title, price: ticket.price + 5 });
  expectFailure(409, "/api/orders");
  await button(bea, /^Reserve for/).click();
  await bea.getByText("The seller has just changed the price").waitFor();
  await button(bea, `Reserve for $${(ticket.price + 5).toFixed(2)}`).waitFor();
  await reserve(bea);
});

it("keeps what a seller typed when the session has ended, and goes on after signing in", async () => {
  const { page: sam, credentials } = await visitSignedIn();
  const title = `Opera gala ${randomUUID()}`;
  await sam.goto("/tickets/new");
  await hydrated(sam);
  await sam.getByLabel("Title").fill(title);
  await sam.getByLabel("Price in USD").fill("64.5");
  await sam.context().clearCookies();
  expectFailure(401, "/api/tickets");
  await button(sam, "Put it on sale").click();
  await sam.getByText("You are no longer signed in.").waitFor();
  await sam.locator("main").getByRole("link", { name: "Sign in" }).click();
  await sam.getByText("continue where you left off").waitFor();
  await sam.getByLabel("Email").fill(credentials.email);
  await sam.getByLabel("Password").fill(credentials.password);
  await button(sam, "Sign in").click();
  await heading(sam, "Sell a ticket").waitFor();
  await hydrated(sam);
  expect(await sam.getByLabel("Title").inputValue()).toBe(title);
  expect(await sam.getByLabel("Price in USD").inputValue()).toBe("64.5");
  await button(sam, "Put it on sale").click();
  await heading(sam, title).waitFor();
  await sam.goto("/tickets/new"); // once
  await hydrated(sam);
  expect(await sam.getByLabel("Title").inputValue()).toBe("");
});

it("takes a buyer who reserves again to the order that is already there", async () => {
  const ticket = await ticketOnSale(await person("sam"));
  const { page: bea, client } = await visitSignedIn();
  await bea.route("**/api/tickets/stream*", (route) => route.abort()); // so that the page still offers it
  expectFailure("net::ERR_FAILED", "/api/tickets/stream");
  await bea.goto(`/tickets/${ticket.id}`);
  await button(bea, /^Reserve for/).waitFor();
  const order = await orderOf(client, ticket);
  await reserve(bea);
  expect(new URL(bea.url()).pathname).toBe(`/orders/${order.id}`);
});

it("reserves a ticket that orders has not heard of yet once it has", async () => {
  const ticket = await ticketOnSale(await person("sam"));
  const { page: bea } = await visitSignedIn();
  let count = 0;
  const body = { code: "not-found", errors: [{ message: "There is no such ticket" }] };
  await bea.route("**/api/orders", (route) =>
    count++ < 2 ? route.fulfill({ status: 404, json: body }) : route.continue(),
  );
  expectFailure(404, "/api/orders");
  await bea.goto(`/tickets/${ticket.id}`);
  await reserve(bea);
});

it("takes a title of 200 emoji from the form", async () => {
  const { page: sam } = await visitSignedIn();
  await sam.goto("/tickets/new");
  await hydrated(sam);
  await sam.getByLabel("Title").fill("🎸".repeat(200));
  await sam.getByLabel("Price in USD").fill("20");
  await button(sam, "Put it on sale").click();
  await heading(sam, "🎸".repeat(200)).waitFor();
});
