import type { Route } from "playwright-core";
import { newUser } from "../client";
import { ticketOnSale } from "../setup";
import { endFaults, fault } from "../stack";
import { expectFailure, visitSignedIn } from "./browser";
import { buy, changeAtStripe } from "./marketplace";
import { button, heading, openOrder, payWith, status } from "./page-actions";

it("shows an order whose payment is being captured as confirming, live, and in the list of orders", async () => {
  const { page } = await openOrder();
  const list = await page.context().newPage();
  await list.goto("/orders");
  await status(list, "Awaiting payment").waitFor();
  await fault({ kind: "hold", operation: "capture" });
  await payWith(page, /pays$/);
  await page.getByText("Your card was approved, and the ticket is held for you.").waitFor();
  await heading(page, "Confirming your payment").waitFor();
  expect(await page.getByRole("timer").count()).toBe(0);
  expect(await button(page, "Cancel order").count()).toBe(0);

  await list.reload();
  await status(list, "Confirming").waitFor();
  expect(await list.getByRole("link", { name: /^Pay/ }).count()).toBe(0);
  await endFaults("capture");
  await heading(page, "The ticket is yours").waitFor();
  await status(list, "Paid").waitFor(); // without a reload
});

it("offers the form again when the approved card cannot be charged", async () => {
  const { page } = await openOrder();
  await fault({ kind: "refuse", operation: "capture", times: 100 }); // also a repetition after a timeout
  expectFailure(400, "/api/payments");
  await payWith(page, /pays$/);
  await button(page, /^Pay \$/).waitFor();
  await page.getByText("You have not been charged. Try another card.").waitFor();
  await endFaults("capture");
  await payWith(page, /pays$/);
  await heading(page, "The ticket is yours").waitFor();
});

it("shows why an approved card was not charged when the first response came before the decision", async () => {
  const { page } = await openOrder();
  await fault({ kind: "refuse", operation: "capture", times: 100 });
  const respondEarly = async (route: Route) => {
    await route.fetch();
    await route.fulfill({ status: 202, json: { state: "authorized" } });
  };
  await page.route("**/api/payments", respondEarly, { times: 1 });
  expectFailure(400, "/api/payments");
  await payWith(page, /pays$/);
  await page.getByText("You have not been charged. Try another card.").waitFor();
  await endFaults("capture");
});

it("pays once the buyer has passed 3-D Secure, and lists what happened to the money", async () => {
  const { page } = await openOrder();
  await payWith(page, /requires 3-D Secure$/);
  await button(page, "Confirm payment").click();
  await heading(page, "The ticket is yours").waitFor();
  const terms = await page.locator("main dt").allTextContents();
  expect(terms).toEqual(["Amount held", "Card charged"]);
});

it("lists on the receipt when the money was held and charged, and what happened to it at Stripe since", async () => {
  const [seller, { page, client }] = await Promise.all([newUser("seller"), visitSignedIn()]);
  const order = await buy(client, await ticketOnSale(seller));
  await page.goto(`/orders/${order.id}/receipt`);
  await page.getByText("Paid on").waitFor();
  const facts = async () => {
    const [terms, values] = await Promise.all(
      ["dt", "dd"].map((name) => page.locator(`main ${name}`).allTextContents()),
    );
    return Object.fromEntries(terms?.map((term, index) => [term, values?.[index]]) ?? []);
  };
  const day = expect.stringMatching(/\b20\d\d\b/);
  const paid = {
    Ticket: order.ticket.title,
    Amount: `$${order.ticket.price.toFixed(2)}`,
    "Authorized on": day,
    "Paid on": day,
    "Paid by": expect.stringContaining("@"),
    Order: order.id,
    "Charge ID": expect.stringMatching(/^ch_/),
  };
  expect(await facts()).toEqual(paid);
  await changeAtStripe(client, order);
  await page.reload();
  expect(await facts()).toEqual({ ...paid, "Refunded to your card": "$5.00", "Disputed on": day });
});

it("declines a card whose buyer fails 3-D Secure", async () => {
  const { page } = await openOrder();
  expectFailure(400, "/api/payments");
  await payWith(page, /requires 3-D Secure$/);
  await button(page, "Reject payment").click();
  await page.getByText("Your bank did not confirm this payment. You have not been charged.").waitFor();
  await payWith(page, /pays$/);
  await heading(page, "The ticket is yours").waitFor();
});

it("shows why a card was declined after 3-D Secure", async () => {
  const { page } = await openOrder();
  expectFailure(400, "/api/payments");
  await page.getByLabel("Card number").fill("4000008400001629");
  await button(page, /^Pay \$/).click();
  await button(page, "Confirm payment").click();
  await page.getByText("Your card was declined. You have not been charged. Try another card.").waitFor();
});

it("lets a buyer who has closed 3-D Secure open it again, or use another card", async () => {
  const { page } = await openOrder();
  await payWith(page, /requires 3-D Secure$/);
  await button(page, "Close without responding").click();
  const notConfirmed = page.getByText("Your bank has not confirmed this payment yet.");
  await notConfirmed.waitFor();
  await button(page, "Try again").click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await notConfirmed.waitFor();
  await payWith(page, /pays$/);
  await heading(page, "The ticket is yours").waitFor();
});
