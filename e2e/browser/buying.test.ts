import { randomUUID } from "node:crypto";
import { newUser } from "../client";
import { orderOf, ticketOnSale } from "../setup";
import { expectFailure, visit, visitSignedIn } from "./browser";
import { whileReservationsLast } from "./stack-controls";
import { hydrated } from "./chromium";
import { button, find, heading, link, payWith, reserve, signUp, status } from "./page-actions";

it("sells a ticket to a buyer, who gets a receipt", async () => {
  const [seller, buyer] = [await visit(), await visit({ screen: "phone" })];
  const title = `Opera gala ${randomUUID()}`;
  await signUp(seller, "seller");
  await link(seller, "Sell").click();
  await seller.getByLabel("Title").fill(title);
  await seller.getByLabel("Price in USD").fill("64.5");
  await button(seller, "List ticket").click();
  await heading(seller, title).waitFor();
  await seller.getByText("This is your own listing.").waitFor();

  await signUp(buyer, "buyer");
  await find(buyer, title);
  await buyer.getByText("You will have 1 minute to pay").waitFor();
  await reserve(buyer);
  await payWith(buyer, /pays$/);
  await heading(buyer, "The ticket is yours").waitFor();
  await link(buyer, "See your receipt").click();
  await heading(buyer, "Receipt").waitFor();
  const receipt = await buyer.locator("main").textContent();
  expect(receipt).toContain(title);
  expect(receipt).toContain("$64.50");
  expect(receipt).toMatch(/Charge ID\s*ch_\w+/);

  await seller.getByText("You sold this ticket.").waitFor();
  await link(seller, "My listings").click();
  await status(seller, "Sold").waitFor();
  await link(buyer, "My orders").click();
  await status(buyer, "Paid").waitFor();
});

it("lets the seller edit and withdraw a ticket", async () => {
  const { page: seller } = await visitSignedIn();
  await seller.goto("/tickets/new");
  await hydrated(seller);
  await seller.getByLabel("Title").fill("Wine tasting");
  await seller.getByLabel("Price in USD").fill("30");
  await button(seller, "List ticket").click();
  await link(seller, "Edit").click();
  await seller.getByLabel("Price in USD").fill("27.75");
  await button(seller, "Save changes").click();
  await seller.getByText("$27.75").waitFor();
  await button(seller, "Withdraw").click();
  await button(seller, "Withdraw ticket").click();
  await seller.getByText("You withdrew this ticket from sale.").waitFor();
  expect(await link(seller, "Edit").count()).toBe(0);
});

it("shows an input error on its field, and keeps the input", async () => {
  const { page: seller } = await visitSignedIn();
  await seller.goto("/tickets/new");
  await hydrated(seller);
  await seller.getByLabel("Title").fill("   ");
  await seller.getByLabel("Price in USD").fill("12");
  expectFailure(400, "/api/tickets");
  await button(seller, "List ticket").click();
  const title = seller.getByLabel("Title");
  await seller.locator("[aria-invalid=true]").waitFor();
  expect(await title.getAttribute("aria-invalid")).toBe("true");
  expect(await seller.locator(":focus").getAttribute("name")).toBe("title");
  const description = await title.getAttribute("aria-describedby");
  expect(description?.split(" ")).toHaveLength(2); // the hint and the error
  expect(await seller.getByLabel("Price in USD").inputValue()).toBe("12");
});

it("makes a ticket available again when the buyer cancels", async () => {
  const ticket = await ticketOnSale(await newUser("seller"));
  const { page: buyer } = await visitSignedIn();
  await buyer.goto(`/tickets/${ticket.id}`);
  await reserve(buyer);
  await button(buyer, "Cancel order").click();
  await buyer.getByRole("dialog").getByRole("button", { name: "Keep order" }).click();
  await heading(buyer, "Reserved for you").waitFor();
  await button(buyer, "Cancel order").click();
  await buyer.getByRole("dialog").getByRole("button", { name: "Cancel order" }).click();
  await heading(buyer, "You cancelled this order").waitFor();
  await reserve(buyer);
});

it("ends a reservation that expires, and offers the ticket again", async () => {
  const ticket = await ticketOnSale(await newUser("seller"));
  const { page: buyer } = await visitSignedIn();
  const { page: visitor } = await visitSignedIn();
  await whileReservationsLast(15, async () => {
    await buyer.goto(`/tickets/${ticket.id}`);
    await buyer.getByText("You will have 15 seconds to pay").waitFor();
    await reserve(buyer);
    await visitor.goto(`/tickets/${ticket.id}`);
    await visitor.getByText("Someone is paying for it.").waitFor();
    await heading(buyer, "Your time is up").waitFor();
    await buyer.getByText("You have not been charged.").waitFor();
    expect(await button(buyer, /^Pay/).count()).toBe(0);
    await button(visitor, /^Reserve for/).waitFor(); // without a reload
  });
  await reserve(buyer);
  await visitor.getByText("Someone is paying for it.").waitFor();
});

it("explains why an edit of a reserved ticket is rejected", async () => {
  const { page: seller, client } = await visitSignedIn();
  const ticket = await ticketOnSale(client);
  await seller.goto(`/tickets/${ticket.id}/edit`);
  await hydrated(seller);
  await seller.getByLabel("Price in USD").fill("99");
  await orderOf(await newUser("buyer"), ticket);
  expectFailure(400, `/api/tickets/${ticket.id}`);
  await button(seller, "Save changes").click();
  await seller.getByText("Someone has reserved or bought this ticket").waitFor();
  await seller.waitForLoadState("networkidle");
  expect(await seller.getByLabel("Price in USD").inputValue()).toBe("99");
  await seller.reload();
  await seller.getByText("is reserved, so it cannot be changed").waitFor();
});

it("does not reserve at a price that the buyer has not seen", async () => {
  const seller = await newUser("seller");
  const ticket = await ticketOnSale(seller);
  const { page: buyer } = await visitSignedIn();
  await buyer.route("**/api/tickets/stream*", (route) => route.abort()); // keeps the old price on the page
  expectFailure("net::ERR_FAILED", "/api/tickets/stream");
  await buyer.goto(`/tickets/${ticket.id}`);
  await button(buyer, /^Reserve for/).waitFor();
  await hydrated(buyer);
  await seller.edit(ticket, { title: ticket.title, price: ticket.price + 5 });
  expectFailure(409, "/api/orders");
  await button(buyer, /^Reserve for/).click();
  await buyer.getByText("The seller has just changed the price").waitFor();
  await button(buyer, `Reserve for $${(ticket.price + 5).toFixed(2)}`).waitFor();
  await reserve(buyer);
});

it("keeps a seller's input across signing in again when the session has ended", async () => {
  const { page: seller, credentials } = await visitSignedIn();
  const title = `Opera gala ${randomUUID()}`;
  await seller.goto("/tickets/new");
  await hydrated(seller);
  await seller.getByLabel("Title").fill(title);
  await seller.getByLabel("Price in USD").fill("64.5");
  await seller.context().clearCookies();
  expectFailure(401, "/api/tickets");
  await button(seller, "List ticket").click();
  await seller.getByText("You are no longer signed in.").waitFor();
  await seller.locator("main").getByRole("link", { name: "Sign in" }).click();
  await seller.getByText("continue where you left off").waitFor();
  await seller.getByLabel("Email").fill(credentials.email);
  await seller.getByLabel("Password").fill(credentials.password);
  await button(seller, "Sign in").click();
  await heading(seller, "Sell a ticket").waitFor();
  await hydrated(seller);
  expect(await seller.getByLabel("Title").inputValue()).toBe(title);
  expect(await seller.getByLabel("Price in USD").inputValue()).toBe("64.5");
  await button(seller, "List ticket").click();
  await heading(seller, title).waitFor();
  await seller.goto("/tickets/new"); // restored only once
  await hydrated(seller);
  expect(await seller.getByLabel("Title").inputValue()).toBe("");
});

it("leads a buyer who reserves again to the existing order", async () => {
  const ticket = await ticketOnSale(await newUser("seller"));
  const { page: buyer, client } = await visitSignedIn();
  await buyer.route("**/api/tickets/stream*", (route) => route.abort()); // keeps the reserve button on the page
  expectFailure("net::ERR_FAILED", "/api/tickets/stream");
  await buyer.goto(`/tickets/${ticket.id}`);
  await button(buyer, /^Reserve for/).waitFor();
  const order = await orderOf(client, ticket);
  await reserve(buyer);
  expect(new URL(buyer.url()).pathname).toBe(`/orders/${order.id}`);
});

it("retries reserving a ticket that orders does not know yet", async () => {
  const ticket = await ticketOnSale(await newUser("seller"));
  const { page: buyer } = await visitSignedIn();
  let count = 0;
  const body = { code: "not-found", errors: [{ message: "There is no such ticket" }] };
  await buyer.route("**/api/orders", (route) =>
    count++ < 2 ? route.fulfill({ status: 404, json: body }) : route.continue(),
  );
  expectFailure(404, "/api/orders");
  await buyer.goto(`/tickets/${ticket.id}`);
  await reserve(buyer);
});

it("accepts a title of 200 emoji", async () => {
  const { page: seller } = await visitSignedIn();
  await seller.goto("/tickets/new");
  await hydrated(seller);
  await seller.getByLabel("Title").fill("🎸".repeat(200));
  await seller.getByLabel("Price in USD").fill("20");
  await button(seller, "List ticket").click();
  await heading(seller, "🎸".repeat(200)).waitFor();
});
