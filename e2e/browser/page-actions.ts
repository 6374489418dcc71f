import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { type Client, type Order, person } from "../client";
import { orderOf, ticketOnSale } from "../market";
import { visitSignedIn } from "./browser";
import { hydrated } from "./chromium";

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
  await page.getByLabel("Email").fill(`${name}-${randomUUID()}@example.com`);
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

/** Buttons do nothing before the page has come to life, however early they can be seen. */
export async function reserve(page: Page): Promise<void> {
  await hydrated(page);
  await button(page, /^Reserve (it again )?for/).click();
  await heading(page, "Reserved for you").waitFor();
  await hydrated(page);
}

export async function payWith(page: Page, card: RegExp): Promise<void> {
  await button(page, card).click();
  await button(page, /^Pay \$/).click();
}

/** The page of somebody who has reserved a ticket for $20, with nothing open yet. */
export async function reservation(): Promise<{ page: Page; client: Client; order: Order }> {
  const [seller, { page, client }] = await Promise.all([person("seller"), visitSignedIn()]);
  const order = await orderOf(client, await ticketOnSale(seller));
  return { page, client, order };
}

/** Resolves once the clock shows another time. */
export async function clockGoesOn(page: Page): Promise<void> {
  const clock = page.getByRole("timer");
  const now = await clock.textContent();
  await clock.filter({ hasNotText: String(now) }).waitFor();
}

/** Resolves with a look at whether the page has been loaded again since. */
export async function watchForReloads(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate("document.isStillTheSame = true");
  return async () => !(await page.evaluate<boolean>("Boolean(document.isStillTheSame)"));
}
