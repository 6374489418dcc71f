import type { Page } from "playwright-core";
import { fault } from "../stack";
import { expectFailure } from "./browser";
import { hydrated } from "./chromium";
import { button, heading, payWith, reservation, status } from "./page-actions";
import { payByIntents } from "./stack-controls";

payByIntents();

async function openOrder(): Promise<Page> {
  const { page, order } = await reservation();
  await page.goto(`/orders/${order.id}`);
  await hydrated(page);
  return page;
}

it("shows an order whose payment is being captured as confirming, live, and in the list of orders", async () => {
  const page = await openOrder();
  const list = await page.context().newPage();
  await list.goto("/orders");
  await status(list, "Awaiting payment").waitFor();
  await fault({ kind: "delay", operation: "capture", milliseconds: 6_000 });
  await payWith(page, /pays$/);
  await page.getByText("Your card was approved, and the ticket is held for you.").waitFor();
  await heading(page, "Confirming your payment").waitFor();
  expect(await page.getByRole("timer").count()).toBe(0);
  expect(await button(page, "Cancel order").count()).toBe(0);

  await list.reload();
  await status(list, "Confirming").waitFor();
  expect(await list.getByRole("link", { name: /^Pay/ }).count()).toBe(0);
  await heading(page, "The ticket is yours").waitFor();
  await status(list, "Paid").waitFor(); // without a reload
});

it("offers the form again when the approved card cannot be charged", async () => {
  const page = await openOrder();
  await fault({ kind: "refuse", operation: "capture" });
  expectFailure(400, "/api/payments");
  await payWith(page, /pays$/);
  await button(page, /^Pay \$/).waitFor();
  await page.getByText("You have not been charged. Try another card.").waitFor();
  await payWith(page, /pays$/);
  await heading(page, "The ticket is yours").waitFor();
});
