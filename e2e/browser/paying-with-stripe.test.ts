import type { Page } from "playwright-core";
import { newUser } from "../client";
import { ticketOnSale } from "../setup";
import { card } from "../stack";
import { expectFailure, visitSignedIn } from "./browser";
import { payWithStripesForm, whileReservationsLast } from "./stack-controls";
import { countdownTicks, heading, reservation } from "./page-actions";
import { blockCheckout, dialog, dialogOptions, serveCheckout } from "./stripe-checkout";
import { challenge, serveStripeJs } from "./stripe-js";

payWithStripesForm();

const payButton = (page: Page) => page.getByRole("button", { name: "Pay $20.00" });

const policyOf = async (page: Page, path: string) =>
  (await page.goto(path))?.headers()["content-security-policy"];

it("passes the amount and the buyer to Stripe, and pays with its token", async () => {
  const { page, client, order } = await reservation();
  await serveCheckout(page);
  await page.goto(`/orders/${order.id}`);
  await payButton(page).click();
  const { body } = await client.currentUser();
  expect(await dialogOptions(page)).toMatchObject({
    key: "pk_test_browser",
    amount: 2000,
    currency: "USD",
    description: "Chamber music",
    email: "currentUser" in body && body.currentUser?.email,
  });
  await page.getByRole("button", { name: "tok_visa" }).click();
  await heading(page, "The ticket is yours").waitFor();
});

it("shows why a card was declined, and accepts another card", async () => {
  const { page, order } = await reservation();
  await serveCheckout(page);
  await page.goto(`/orders/${order.id}`);
  expectFailure(400, "/api/payments");
  await payButton(page).click();
  await page.getByRole("button", { name: "InsufficientFunds" }).click();
  await page
    .getByText("Your card has insufficient funds. You have not been charged. Try another card.")
    .waitFor();
  await payButton(page).click();
  await page.getByRole("button", { name: "tok_visa" }).click();
  await heading(page, "The ticket is yours").waitFor();
});

it("has the buyer of a card in Stripe's dialog pass 3-D Secure", async () => {
  const { page, order } = await reservation();
  const token = await card("4000002760003184");
  await serveCheckout(page, [token]);
  await serveStripeJs(page);
  await page.goto(`/orders/${order.id}`);
  await payButton(page).click();
  await page.getByRole("button", { name: token }).click();
  await challenge(page).getByRole("button", { name: "Complete authentication" }).click();
  await heading(page, "The ticket is yours").waitFor();
});

it("shows that Stripe cannot be reached, stays usable, and retries on request", async () => {
  const { page, order } = await reservation();
  await blockCheckout(page);
  expectFailure("net::ERR_FAILED", "/checkout.js");
  await page.goto(`/orders/${order.id}`);
  await page.getByText("The payment form could not be loaded.").waitFor();
  await countdownTicks(page);
  await page.getByRole("button", { name: "Cancel order" }).click();
  await page.getByRole("button", { name: "Keep order" }).click();

  await serveCheckout(page);
  await page.getByRole("button", { name: "Try again" }).click();
  await payButton(page).click();
  await page.getByRole("button", { name: "tok_visa" }).click();
  await heading(page, "The ticket is yours").waitFor();
});

it("closes Stripe's form when the reservation expires", async () => {
  await whileReservationsLast(15, async () => {
    const { page, order } = await reservation();
    await serveCheckout(page);
    await page.goto(`/orders/${order.id}`);
    await payButton(page).click();
    await dialog(page).waitFor();
    await heading(page, "Your time is up").waitFor();
    await dialog(page).waitFor({ state: "hidden" });
  });
});

it("allows Stripe's scripts only on an order's page", async () => {
  const { page, order } = await reservation();
  await serveCheckout(page);
  expect(await policyOf(page, `/orders/${order.id}`)).toMatch(
    /frame-src [^;]*https:\/\/checkout\.stripe\.com;/,
  );
  const others = ["/", `/tickets/${order.ticket.id}`, "/tickets/new", "/orders", "/listings", "/auth/signin"];
  for (const path of others) expect(await policyOf(page, path)).not.toContain("stripe");
});

it("loads Stripe's form after navigating from the front page", async () => {
  const [seller, { page }] = await Promise.all([newUser("seller"), visitSignedIn()]);
  const { title } = await ticketOnSale(seller, { title: "Chamber music from the front page" });
  await serveCheckout(page);
  await page.goto("/");
  await page.getByRole("link", { name: title }).first().click();
  await page.getByRole("button", { name: "Reserve for $20.00" }).click();
  await heading(page, "Reserved for you").waitFor();
  await payButton(page).click();
  await page.getByRole("button", { name: "tok_visa" }).click();
  await heading(page, "The ticket is yours").waitFor();
});
