import type { Page } from "playwright-core";
import { endFaults, fault, ledger } from "../stack";
import { allowFailure, expectFailure } from "./browser";
import { without } from "./stack-controls";
import { countdownTicks, heading, openOrder, watchForReloads } from "./page-actions";

const payButton = (page: Page) => page.getByRole("button", { name: "Pay $20.00" });

async function pay(page: Page, card = "pays"): Promise<void> {
  await page.getByRole("button", { name: card }).click();
  await payButton(page).click();
}

/** The tokens of the page's payment requests. */
function tokensSent(page: Page): string[] {
  const tokens: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/payments"))
      tokens.push(request.postDataJSON().token);
  });
  return tokens;
}

async function chargesFor({ id }: { id: string }) {
  const { charges } = await ledger();
  return charges.filter(({ metadata }) => metadata.orderId === id).map(({ status }) => status);
}

it("labels the payment as a test, and pays with a test card", async () => {
  const { page, order } = await openOrder();
  await page.getByText("Test payment. No real card is charged here.").waitFor();
  await pay(page);
  await heading(page, "The ticket is yours").waitFor();
  expect(await chargesFor(order)).toEqual(["succeeded"]);
});

it("shows why a card was declined, keeps the countdown and the input, and accepts another card", async () => {
  const { page, order } = await openOrder();
  const isReloaded = await watchForReloads(page);
  expectFailure(400, "/api/payments");
  await page.getByLabel("Security code").fill("321");
  await pay(page, "has insufficient funds");

  const reason = page.getByText(
    "Your card has insufficient funds. You have not been charged. Try another card.",
  );
  await reason.waitFor();
  const [reasonBox, buttonBox] = [await reason.boundingBox(), await payButton(page).boundingBox()];
  expect(reasonBox?.y).toBeGreaterThan(buttonBox?.y ?? Infinity);
  await countdownTicks(page);
  expect(await page.getByLabel("Card number").inputValue()).toBe("4000 0000 0000 9995");
  expect(await page.getByLabel("Security code").inputValue()).toBe("321");

  await pay(page);
  await heading(page, "The ticket is yours").waitFor();
  expect(await chargesFor(order)).toEqual(["failed", "succeeded"]);
  expect(await isReloaded()).toBe(false);
});

it("tells the buyer after a decline that nothing was charged", async () => {
  const { page } = await openOrder();
  expectFailure(400, "/api/payments");
  await pay(page, "is declined");
  await page.getByText("try another card").waitFor();
  await page.getByRole("button", { name: "Cancel order" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel order" }).click();
  await heading(page, "You cancelled this order").waitFor();
  await page.getByText("Your payment did not go through. You have not been charged.").waitFor();
});

it("pays once on a double click", async () => {
  const { page, order } = await openOrder();
  const tokens = tokensSent(page);
  await page.getByRole("button", { name: "pays" }).click();
  await payButton(page).dblclick();
  await heading(page, "The ticket is yours").waitFor();
  expect(tokens).toHaveLength(1);
  expect(await chargesFor(order)).toEqual(["succeeded"]);
});

it.each([
  ["Card number", "4242 4242 4242 4241", "Your card number is incorrect."],
  ["Expires", "12 / 20", "Your card's expiration year is invalid."],
])("shows the error of a wrong %s on its field", async (label, value, words) => {
  const { page, order } = await openOrder();
  expectFailure(400, "/test-cards");
  await page.getByRole("button", { name: "pays" }).click();
  const field = page.getByLabel(label);
  await field.fill(value);
  await payButton(page).click();
  await page.getByText(words).waitFor();
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  expect(await page.locator(":focus").getAttribute("name")).toBe(await field.getAttribute("name"));
  expect(await field.inputValue()).toBe(value);
  expect(await chargesFor(order)).toEqual([]);
});

it("shows that the outcome is unknown until the bank has responded", async () => {
  const { page, order } = await openOrder();
  expectFailure(503, "/api/payments");
  await fault({ kind: "hold", operation: "confirm" });
  await pay(page);
  await heading(page, "Confirming your payment").waitFor();
  await page
    .getByText("Your bank is checking your card. You will be charged only if you get the ticket.")
    .waitFor();
  await endFaults("confirm");
  await heading(page, "The ticket is yours").waitFor();
  expect(await chargesFor(order)).toEqual(["succeeded"]);
});

it("offers the form again while Stripe does nothing with the first card", async () => {
  const { page, order } = await openOrder();
  expectFailure(503, "/api/payments");
  await fault({ kind: "fail", operation: "confirm", status: 429, beforeWork: true, times: 1000 });
  await pay(page);
  await page.getByText("You have not been charged. Use another card, or try this one again.").waitFor();
  allowFailure(400, "/api/payments"); // if payments repeats the first card's request at this moment
  await pay(page); // before the end of the faults, or the first card might pay
  await endFaults("confirm");
  await heading(page, "The ticket is yours").waitFor();
  expect(await chargesFor(order)).toEqual(["succeeded"]);
});

const unknown = "We do not know yet whether your card was charged.";

it("continues the same payment when the response was lost", async () => {
  const { page, order } = await openOrder();
  const tokens = tokensSent(page);
  expectFailure(504, "/api/payments");
  let releasePages: () => void = () => undefined;
  const slowPages = new Promise<void>((resolve) => (releasePages = resolve));
  await page.route("**/orders/*_rsc=*", async (route) => {
    await slowPages; // otherwise the page would learn of the payment from the order
    await route.continue();
  });
  await page.route(
    "**/api/payments",
    async (route) => {
      await route.fetch();
      await route.fulfill({ status: 504 });
    },
    { times: 1 },
  );
  await pay(page);
  await page.getByText(unknown).waitFor();
  expect(await payButton(page).isVisible()).toBe(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText(unknown).waitFor({ state: "hidden" });
  releasePages();
  await heading(page, "The ticket is yours").waitFor();
  const [first, ...others] = tokens;
  expect(others).toEqual([first]);
  expect(await chargesFor(order)).toEqual(["succeeded"]);
});

it("keeps the card for another try while payments is down", async () => {
  const { page, order } = await openOrder();
  const tokens = tokensSent(page);
  expectFailure(503, "/api/payments");
  await without("payments", async () => {
    await pay(page);
    await page.getByText(unknown).waitFor();
    await page.getByText("Payments are temporarily unavailable.").waitFor();
    await countdownTicks(page);
  });
  await page.getByRole("button", { name: "Try again" }).click();
  await heading(page, "The ticket is yours").waitFor();
  const [first, ...others] = tokens;
  expect(others).toEqual([first]);
  expect(await chargesFor(order)).toEqual(["succeeded"]);
});

it("does not allow Stripe's scripts with test cards", async () => {
  const { page } = await openOrder();
  const policy = (await page.reload())?.headers()["content-security-policy"];
  expect(policy).toContain("script-src");
  expect(policy).not.toContain("stripe");
});
