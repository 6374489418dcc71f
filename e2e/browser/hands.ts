import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";

/** What people look for on a page, by the names that a screen reader says. */
export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true });
export const link = (page: Page, name: string | RegExp) => page.getByRole("link", { name, exact: true });
export const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { level: 1, name, exact: true });
/** What a badge says. */
export const status = (page: Page, text: string) => page.locator("main").getByText(text, { exact: true });

export async function signUp(page: Page, name: string): Promise<void> {
  await page.goto("/");
  await link(page, "Sign up").click();
  await page.getByLabel("E-mail").fill(`${name}-${randomUUID()}@example.com`);
  await page.getByLabel("Password").fill("correct horse");
  await button(page, "Sign up").click();
  await button(page, "Sign out").waitFor();
}

/** By the search, as somebody would who was told of it. */
export async function find(page: Page, title: string): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Search tickets").fill(title);
  await button(page, "Search").click();
  await link(page, title).click();
  await heading(page, title).waitFor();
}

export async function reserve(page: Page): Promise<void> {
  await button(page, /^Reserve (it again )?for/).click();
  await heading(page, "Reserved for you").waitFor();
}

export async function payWith(page: Page, card: RegExp): Promise<void> {
  await button(page, card).click();
  await button(page, /^Pay \$/).click();
}
