import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { bodyOf, newUser } from "../client";
import { ticketOnSale, orderOf } from "../setup";
import { visit } from "./browser";

const password = "correct horse";
const plain = (): Promise<Page> => visit({ javaScriptEnabled: false });
const addressOf = (page: Page) => page.url().replace(/^http:\/\/[^/]+/, "");

async function sendSession(page: Page, button: "Sign up" | "Sign in", email: string, secret = password) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("main").getByRole("button", { name: button }).click();
}

it("searches, sorts and pages through tickets", async () => {
  const [seller, word, page] = [await newUser("seller"), randomUUID().slice(0, 8), await plain()];
  for (let price = 1; price <= 25; price++) await bodyOf(seller.sell(`Raffle ${word}`, price));
  const prices = () => page.getByRole("listitem").filter({ hasText: word }).locator("p").allTextContents();

  await page.goto("/");
  await page.getByLabel("Search tickets").fill(word);
  await page.getByLabel("Sort by").selectOption("Price: low to high");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("heading", { level: 1, name: word }).waitFor();
  const first = await prices();
  expect(first).toHaveLength(24);
  expect(first[0]).toContain("$1.00");

  await page.getByRole("link", { name: "Next page" }).click();
  await page.getByRole("link", { name: "First page" }).waitFor();
  expect(await prices()).toEqual([expect.stringContaining("$25.00")]);
  await page.goBack();
  expect(await prices()).toEqual(first);
});

it("signs up from a ticket, returns to it, and signs out", async () => {
  const ticket = await ticketOnSale(await newUser("seller"));
  const [page, email] = [await plain(), `${randomUUID()}@example.com`];
  await page.goto(`/tickets/${ticket.id}`);
  await page.getByRole("link", { name: "Sign in to reserve it" }).click();
  await page.getByRole("main").getByRole("link", { name: "Sign up" }).click();
  await sendSession(page, "Sign up", email);
  expect(addressOf(page)).toBe(`/tickets/${ticket.id}`);
  expect(await page.getByRole("banner").textContent()).toContain(email);
  expect(await page.context().cookies()).toMatchObject([{ name: "session", httpOnly: true }]);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("banner").getByRole("link", { name: "Sign in" }).waitFor();
  expect((await page.context().cookies()).filter(({ name }) => name === "session")).toEqual([]);
});

it("shows a sign-in error, keeps the email, and continues to the original page", async () => {
  const [seller, buyer] = [await newUser("seller"), await newUser("buyer")];
  const { currentUser } = await bodyOf(buyer.currentUser());
  const email = String(currentUser?.email);
  const order = await orderOf(buyer, await ticketOnSale(seller, { title: "Chamber music" }));
  await bodyOf(buyer.pay(order));

  const page = await plain();
  await page.goto(`/orders/${order.id}/receipt`);
  await sendSession(page, "Sign in", email, "wrong horse");
  expect(await page.getByRole("main").getByRole("alert").textContent()).toBe("Incorrect email or password.");
  expect(await page.getByLabel("Email").inputValue()).toBe(email);
  expect(await page.getByLabel("Password").inputValue()).toBe("");
  expect(page.url()).not.toContain("horse");

  await sendSession(page, "Sign in", email);
  expect(addressOf(page)).toBe(`/orders/${order.id}/receipt`);
  expect(await page.getByRole("main").textContent()).toContain("ch_");
  await page.getByRole("link", { name: "All your orders" }).click();
  expect(await page.getByRole("list", { name: "My orders" }).textContent()).toContain("Chamber music");
});

it.each(["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])(
  "does not redirect to %s",
  async (next) => {
    const page = await plain();
    await page.goto(`/auth/signup?${new URLSearchParams({ next }).toString()}`);
    await sendSession(page, "Sign up", `${randomUUID()}@example.com`);
    expect(addressOf(page)).toBe("/");
  },
);

it("rejects forms of other sites", async () => {
  const page = await plain();
  await page.goto("/auth/signin");
  const response = await page.context().request.post("/auth/session", {
    headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    form: { intent: "signup", email: `${randomUUID()}@example.com`, password },
    maxRedirects: 0,
  });
  expect(response.headers()["set-cookie"]).toBeUndefined();
  expect(response.status()).toBe(403);
});
