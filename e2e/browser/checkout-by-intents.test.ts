import { card } from "../stack";
import { button, heading, reservation } from "./page-actions";
import { payByIntents, payWithStripesForm } from "./stack-controls";
import { serveCheckout } from "./stripe-checkout";
import { challenge, serveStripeJs } from "./stripe-js";

payByIntents();
payWithStripesForm();

it("has the buyer of a card in Stripe's dialog pass 3-D Secure", async () => {
  const { page, order } = await reservation();
  const token = await card("4000002760003184");
  await serveCheckout(page, [token]);
  await serveStripeJs(page);
  await page.goto(`/orders/${order.id}`);
  await button(page, "Pay $20.00").click();
  await button(page, token).click();
  await challenge(page).getByRole("button", { name: "Complete authentication" }).click();
  await heading(page, "The ticket is yours").waitFor();
});
