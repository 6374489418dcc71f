import type { Page } from "playwright-core";
import { expectFailure } from "./browser";
import { button, heading, reservation } from "./page-actions";
import { payWithStripesForm } from "./stack-controls";
import { blockStripeJs, challenge, serveStripeJs } from "./stripe-js";

payWithStripesForm("payment-element");

async function openOrder(): Promise<Page> {
  const { page, order } = await reservation();
  await serveStripeJs(page);
  await page.goto(`/orders/${order.id}`);
  return page;
}

async function pay(page: Page, number: string): Promise<void> {
  await page.getByLabel("Card number").fill(number);
  await button(page, /^Pay \$/).click();
}

it("passes the amount to Stripe, and pays with a confirmation token", async () => {
  const page = await openOrder();
  await button(page, "Pay $20.00").waitFor();
  const options = await page.locator("[data-options]").getAttribute("data-options");
  expect(JSON.parse(options ?? "")).toMatchObject({
    mode: "payment",
    amount: 2000,
    currency: "usd",
    captureMethod: "manual",
    allowedPaymentMethodTypes: ["card"],
  });
  const payment = page.waitForRequest("**/api/payments");
  await pay(page, "4242424242424242");
  expect((await payment).postDataJSON().token).toMatch(/^ctoken_/);
  await heading(page, "The ticket is yours").waitFor();
});

it("shows why a card was declined, and accepts another card", async () => {
  const page = await openOrder();
  expectFailure(400, "/api/payments");
  await pay(page, "4000000000009995");
  await page.getByText("Your card has insufficient funds. You have not been charged.").waitFor();
  await pay(page, "4242424242424242");
  await heading(page, "The ticket is yours").waitFor();
});

it("shows Stripe's message for a wrong number", async () => {
  const page = await openOrder();
  expectFailure(402, "/v1/confirmation_tokens");
  await pay(page, "4242424242424241");
  await page.getByText("Your card number is incorrect.").waitFor();
});

it("pays once the buyer has passed 3-D Secure", async () => {
  const page = await openOrder();
  await pay(page, "4000002760003184");
  await challenge(page).getByRole("button", { name: "Complete authentication" }).click();
  await heading(page, "The ticket is yours").waitFor();
});

it("lets a buyer who has closed 3-D Secure open it again", async () => {
  const page = await openOrder();
  await pay(page, "4000002760003184");
  await button(page, "Close").click();
  await page.getByText("Your bank has not confirmed this payment yet. You have not been charged.").waitFor();
  await button(page, "Try again").click();
  await challenge(page).getByRole("button", { name: "Complete authentication" }).click();
  await heading(page, "The ticket is yours").waitFor();
});

it("shows that Stripe cannot be reached, and retries on request", async () => {
  const { page, order } = await reservation();
  await blockStripeJs(page);
  expectFailure("net::ERR_FAILED", "/endive/stripe.js");
  await page.goto(`/orders/${order.id}`);
  await page.getByText("The payment form could not be loaded.").waitFor();
  await serveStripeJs(page);
  await button(page, "Try again").click();
  await pay(page, "4242424242424242");
  await heading(page, "The ticket is yours").waitFor();
});

it("allows only what Stripe.js needs, and only on an order's page", async () => {
  const { page, order } = await reservation();
  await serveStripeJs(page);
  const policyOf = async (path: string) => (await page.goto(path))?.headers()["content-security-policy"];
  const policy = await policyOf(`/orders/${order.id}`);
  const frames = "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com";
  expect(policy).toContain(`frame-src ${frames};`);
  expect(policy).toContain("connect-src 'self' https://api.stripe.com;");
  expect(policy).not.toContain("checkout.stripe.com");
  expect(policy).not.toContain("unsafe-inline");
  expect(await policyOf("/orders")).not.toContain("stripe");
});
