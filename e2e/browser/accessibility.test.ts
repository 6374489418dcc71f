import type { Page } from "playwright-core";
import { violations } from "./axe";
import { expectFailure, visit } from "./browser";
import { titleOf } from "./chromium";
import { Marketplace, type Role } from "./marketplace";
import { payByCharges, stopDuringTests } from "./stack-controls";
import { type State, show, states } from "./states";

const narrowestWindow = { width: 320, height: 640 };
const stoppedServices = [...new Set(states.flatMap(({ stopped }) => stopped ?? []))];
let market: Marketplace;
/** Each user has one for all states, so that the browser keeps what it has loaded. */
const pages = new Map<Role | undefined, Page>();

const titles = new Map<State["name"], string>();
/** A state of each page. */
const pagesByState = [
  "tickets",
  "tickets-searched",
  "ticket-bought",
  "sell",
  "listings",
  "sales",
  "orders",
  "order-paid",
  "receipt",
  "account",
  "account-delete",
  "sign-up",
  "sign-in",
  "sign-out",
  "forgot-password",
  "reset-password",
  "verify-email",
  "api",
  "events",
];

beforeAll(async () => {
  market = await Marketplace.open();
  for (const role of new Set(states.map((state) => state.role)))
    pages.set(role, await visit({ isKept: true }));
  for (const role of pages.keys()) await pageOf(role);
});

/** Signs in again if the last state has ended the session. */
async function pageOf(role: Role | undefined): Promise<Page> {
  const page = pages.get(role);
  if (!page) throw new Error(`${role} has no page`);
  if (role && (await page.context().cookies()).length === 0) await market.signIn(page, role);
  return page;
}

function testStates(shown: State[]): void {
  it.each(shown)(
    "$name: passes axe, has a title and landmarks, and fits a phone 320 px wide",
    async (state) => {
      const page = await pageOf(state.role);
      if (state.failure) expectFailure(...state.failure);
      await show(state, page, market, async () => {
        expect(await violations(page)).toEqual([]);
        titles.set(state.name, await titleOf(page));
        expect(await page.locator("html[lang=en]").count()).toBe(1);
        const landmarks = ["h1", "main", "body > header", "header nav", "body > footer"];
        const counts = await Promise.all(landmarks.map((selector) => page.locator(selector).count()));
        expect(counts).toEqual(landmarks.map(() => 1));

        await page.setViewportSize(narrowestWindow);
        await page.emulateMedia({ colorScheme: "dark" });
        expect(await page.evaluate("document.scrollingElement.scrollWidth")).toBeLessThanOrEqual(320);
        expect(await violations(page, "color-contrast")).toEqual([]);
      });
    },
  );
}

testStates(states.filter(({ stopped, byCharges }) => !stopped && !byCharges));

describe("while new payments use charges", () => {
  payByCharges();
  testStates(states.filter(({ byCharges }) => byCharges));
});

describe.each(stoppedServices)("without %s", (service) => {
  stopDuringTests(service);
  testStates(states.filter(({ stopped }) => stopped === service));
});

it("gives every page its own title", () => {
  const shown = pagesByState.map((name) => titles.get(name));
  expect(shown).not.toContain(undefined); // the tests above have stored them
  expect(new Set(shown).size).toBe(pagesByState.length);
});
