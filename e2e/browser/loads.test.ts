import { violations } from "./axe";
import { visit } from "./browser";
import { hydrated } from "./chromium";

it.each([{ screen: "phone" }, { screen: "desktop", colorScheme: "dark" }] as const)(
  "shows the tickets to anybody on a $screen, and comes alive",
  async (options) => {
    const page = await visit(options);
    await page.goto("/");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Tickets");
    await hydrated(page);
  },
);

it("goes to another page without loading a document", async () => {
  const page = await visit();
  await page.goto("/");
  await hydrated(page);
  await page.evaluate("window.isSameDocument = true");
  await page.getByRole("link", { name: "Sign in" }).first().click();
  await page.waitForURL("**/auth/signin");
  expect(await page.evaluate("window.isSameDocument")).toBe(true);
});

it("keeps nobody out", async () => {
  const page = await visit();
  await page.goto("/");
  expect(await violations(page)).toEqual([]);
});

it("can be read without JavaScript", async () => {
  const page = await visit({ javaScriptEnabled: false });
  await page.goto("/");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Tickets");
});
