import type { Page } from "playwright-core";
import { reservationSeconds } from "./stack-controls";
import { orderOf, ticketOnSale } from "../setup";
import { type Order, newUser } from "../client";
import { visit, visitSignedIn } from "./browser";
import { countdownTicks } from "./page-actions";

const watch = `
  const region = document.querySelector("div:has(> * > [role=timer]) > [role=status]");
  window.announcements = [];
  new MutationObserver(() => window.announcements.push(region.textContent)).observe(region, {
    childList: true, characterData: true, subtree: true,
  });
`;

/** The announcements of the clock's live region from now on. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(watch);
  return () => page.evaluate("window.announcements");
}

it("announces only 30 s, 10 s and the end", async () => {
  const [seller, { page, client }] = await Promise.all([newUser("seller"), visitSignedIn()]);
  const order = await orderOf(client, await ticketOnSale(seller));
  await page.clock.install();
  await page.goto(`/orders/${order.id}`);
  const clock = page.getByRole("timer");
  await clock.waitFor();
  expect(await clock.getAttribute("aria-live")).toBeNull();
  expect(
    await page.locator("[aria-live], [role=status], [role=alert], [role=log]").getByRole("timer").count(),
  ).toBe(0);

  await countdownTicks(page);
  // From here on, time passes only as told: a busy machine needs seconds for each step.
  await page.clock.pauseAt(await page.evaluate<number>("Date.now() + 1000"));
  const left = await secondsShown(page);
  const announcements = await listen(page);
  for (const [seconds, words] of [
    [left - 31, []],
    [2, ["30 seconds left to pay"]],
    [18, ["30 seconds left to pay"]],
    [2, ["30 seconds left to pay", "10 seconds left to pay"]],
    [10, ["30 seconds left to pay", "10 seconds left to pay", "Your time is up"]],
  ] as const) {
    await page.clock.runFor(seconds * 1000);
    expect(await announcements()).toEqual(words);
  }
});

it.each([40, -40])("shows the right time in a browser whose clock is %i s off", async (offsetSeconds) => {
  const [seller, { page, client }] = await Promise.all([newUser("seller"), visitSignedIn()]);
  const order = await orderOf(client, await ticketOnSale(seller));
  await page.clock.setSystemTime(Date.now() + offsetSeconds * 1000);
  await page.goto(`/orders/${order.id}`);
  await countdownTicks(page); // until then it shows the time left when the page was rendered
  await expectRightTime(page, order);
});

async function expectRightTime(page: Page, order: Order): Promise<void> {
  const left = (Date.parse(order.expiresAt) - Date.now()) / 1000;
  expect(left).toBeLessThanOrEqual(reservationSeconds);
  // A second for the rounding; the rest, still far less than 40 s, is for a busy machine.
  expect(Math.abs((await secondsShown(page)) - left)).toBeLessThanOrEqual(5);
}

async function secondsShown(page: Page): Promise<number> {
  const [minutes, seconds] = String(await page.getByRole("timer").textContent()).split(":");
  return Number(minutes) * 60 + Number(seconds);
}

it("animates nothing with reduced motion", async () => {
  const page = await visit();
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/");
  const animated = await page.evaluate(`[...document.querySelectorAll("*")]
    .map((element) => getComputedStyle(element))
    .filter(({ animationName, transitionDuration }) => animationName !== "none" || transitionDuration !== "0s")
    .length`);
  expect(animated).toBe(0);
});
