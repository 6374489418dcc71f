import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { type Client, type Order, newUser } from "../client";
import { orderOf, ticketOnSale } from "../setup";
import { visitSignedIn } from "./browser";
import { hydrated } from "./chromium";

/** Elements by their accessible names. */
export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true });
export const link = (page: Page, name: string | RegExp) => page.getByRole("link", { name, exact: true });
export const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { level: 1, name, exact: true });
/** A badge. */
export const status = (page: Page, text: string) => page.locator("main").getByText(text, { exact: true });

export async function signUp(page: Page, name: string): Promise<void> {
  await page.goto("/");
  await link(page, "Sign up").click();
  await page.getByLabel("Email").fill(`${name}-${randomUUID()}@example.com`);
  await page.getByLabel("Password").fill("correct horse");
  await button(page, "Sign up").click();
  await button(page, "Sign out").waitFor();
}

/** Opens the ticket through the search. */
export async function find(page: Page, title: string): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Search tickets").fill(title);
  await button(page, "Search").click();
  await link(page, title).click();
  await heading(page, title).waitFor();
}

/** Buttons are visible before hydration, but do nothing until then. */
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

/** A blank page of a buyer who has reserved a ticket for $20. */
export async function reservation(): Promise<{ page: Page; client: Client; order: Order }> {
  const [seller, { page, client }] = await Promise.all([newUser("seller"), visitSignedIn()]);
  const order = await orderOf(client, await ticketOnSale(seller));
  return { page, client, order };
}

/** The page of a reserved order, with its buyer. */
export async function openOrder(): Promise<{ page: Page; client: Client; order: Order }> {
  const opened = await reservation();
  await opened.page.goto(`/orders/${opened.order.id}`);
  await hydrated(opened.page);
  return opened;
}

/** Resolves when the countdown has changed. */
export async function countdownTicks(page: Page): Promise<void> {
  const clock = page.getByRole("timer");
  const now = await clock.textContent();
  await clock.filter({ hasNotText: String(now) }).waitFor();
}

/** Resolves with a function that returns whether the page has been reloaded since. */
export async function watchForReloads(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate("document.isStillTheSame = true");
  return async () => !(await page.evaluate<boolean>("Boolean(document.isStillTheSame)"));
}
