import { randomUUID } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { visit } from "./browser";
import { heading } from "./page-actions";

const maxTabs = 60;

const isFocused = async (element: Locator): Promise<boolean> =>
  (await element.and(element.page().locator(":focus")).count()) === 1;

/** Presses Tab until the last element with this role and name has the focus, which must be visible at every stop. */
async function tabTo(page: Page, role: "link" | "button" | "textbox" | "searchbox", name: string) {
  const target = page.getByRole(role, { name }).last(); // the header comes first
  await target.waitFor();
  for (let stop = 0; stop < maxTabs; stop++) {
    await page.keyboard.press("Tab");
    expect(await outlineOfFocus(page)).toBe("solid");
    if (await isFocused(target)) return;
  }
  throw new Error(`Tab does not reach the ${role} ${name}`);
}

/** The outline of a ticket's link surrounds its whole card. */
function outlineOfFocus(page: Page): Promise<string> {
  return page.evaluate(`[undefined, "::after"]
    .map((part) => getComputedStyle(document.activeElement, part).outlineStyle)
    .find((style) => style !== "none") ?? "none"`);
}

async function type(page: Page, role: "textbox" | "searchbox", label: string, text: string) {
  await tabTo(page, role, label);
  await page.keyboard.type(text);
}

async function signUp(page: Page): Promise<void> {
  await type(page, "textbox", "Email", `${randomUUID()}@example.com`);
  await type(page, "textbox", "Password", "correct horse");
  await page.keyboard.press("Enter");
}

it("begins with a link that skips the header", async () => {
  const page = await visit();
  await page.goto("/");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to main content" });
  expect(await isFocused(skip)).toBe(true);
  expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const search = page.getByRole("searchbox", { name: "Search tickets" });
  expect(await isFocused(search)).toBe(true);
});

it("sells, finds, reserves and pays for a ticket by keyboard", async () => {
  const title = `Puppet theatre ${randomUUID()}`;
  const seller = await visit();
  await seller.goto("/tickets/new");
  await tabTo(seller, "link", "Sign up");
  await seller.keyboard.press("Enter");
  await heading(seller, "Sign up").waitFor();
  await signUp(seller);
  await seller.getByRole("link", { name: "My listings" }).waitFor();
  await tabTo(seller, "link", "Sell");
  await seller.keyboard.press("Enter");
  await heading(seller, "Sell a ticket").waitFor();
  await type(seller, "textbox", "Title", title);
  await type(seller, "textbox", "Price", "9.50");
  await seller.keyboard.press("Enter");
  await heading(seller, title).waitFor();

  const buyer = await visit();
  await buyer.goto("/");
  await type(buyer, "searchbox", "Search tickets", title);
  await buyer.keyboard.press("Enter");
  await tabTo(buyer, "link", title);
  await buyer.keyboard.press("Enter");
  await tabTo(buyer, "link", "Sign in to reserve it");
  await buyer.keyboard.press("Enter");
  await heading(buyer, "Sign in").waitFor();
  await tabTo(buyer, "link", "Sign up");
  await buyer.keyboard.press("Enter");
  await heading(buyer, "Sign up").waitFor();
  await signUp(buyer);
  await tabTo(buyer, "button", "Reserve for $9.50");
  await buyer.keyboard.press("Enter");
  await heading(buyer, "Reserved for you").waitFor();
  await tabTo(buyer, "button", "4242 4242 4242 4242 pays");
  await buyer.keyboard.press("Space");
  await tabTo(buyer, "button", "Pay $9.50");
  await buyer.keyboard.press("Space");
  await heading(buyer, "The ticket is yours").waitFor();
  await tabTo(buyer, "link", "See your receipt");
  await buyer.keyboard.press("Enter");
  await heading(buyer, "Receipt").waitFor();
});
