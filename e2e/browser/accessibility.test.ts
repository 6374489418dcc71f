import { violations } from "./axe";
import { expectFailure, visit } from "./browser";
import { titleOf } from "./chromium";
import { Marketplace } from "./marketplace";
import { open, states } from "./states";

const narrowestWindow = { width: 320, height: 640 };
let market: Marketplace;

beforeAll(async () => {
  market = await Marketplace.open();
});

describe.each(states)("$name", (state) => {
  it("passes axe, has a title and landmarks, and fits a phone 320 px wide", async () => {
    const page = await visit();
    if (state.failure) expectFailure(...state.failure);
    await open(state, page, market, async () => {
      expect(await violations(page)).toEqual([]);
      await titleOf(page);
      expect(await page.locator("html[lang=en]").count()).toBe(1);
      const landmarks = ["h1", "main", "body > header", "header nav", "body > footer"];
      const counts = await Promise.all(landmarks.map((selector) => page.locator(selector).count()));
      expect(counts).toEqual(landmarks.map(() => 1));

      await page.setViewportSize(narrowestWindow);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await page.evaluate("document.scrollingElement.scrollWidth")).toBeLessThanOrEqual(320);
      expect(await violations(page, "color-contrast")).toEqual([]);
    });
  });
});

it("gives every page its own title", async () => {
  const page = await visit();
  await market.signIn(page, "buyer");
  const { paid } = market.past;
  const auth = [
    "/auth/signin",
    "/auth/signup",
    "/auth/signout",
    "/forgot-password",
    "/reset-password",
    "/verify-email",
  ];
  const own = [
    "/orders",
    `/orders/${paid.id}`,
    `/orders/${paid.id}/receipt`,
    "/listings",
    "/listings/sales",
    "/tickets/new",
    "/account",
    "/account/delete",
  ];
  const titles = new Set<string>();
  const paths = [
    "/",
    "/?q=jazz",
    "/api/docs",
    "/api/docs/events",
    `/tickets/${paid.ticket.id}`,
    ...auth,
    ...own,
  ];
  for (const path of paths) {
    await page.goto(path);
    titles.add(await titleOf(page));
  }
  expect([...titles]).toHaveLength(paths.length);
});
