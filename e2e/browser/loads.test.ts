import { fingerprint } from "../../client/fingerprint";
import { eventually } from "../../common/src/testing/eventually";
import { bodyOf } from "../client";
import { stackFile } from "../stack";
import { violations } from "./axe";
import { expectFailure, visit, visitSignedIn } from "./browser";
import { hydrated } from "./chromium";

it.each([{ screen: "phone" }, { screen: "desktop", colorScheme: "dark" }] as const)(
  "shows the tickets on a $screen, and hydrates",
  async (options) => {
    const page = await visit(options);
    await page.goto("/");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Tickets");
    await hydrated(page);
  },
);

it("shows a seller a new listing immediately, while other visitors share the list for a second", async () => {
  const { page, client } = await visitSignedIn();
  await fetch(stackFile().url);
  const { id } = await bodyOf(client.sell("Chamber music", 20));
  const response = await page.request.get("/");
  expect(await response.text()).toContain(`/tickets/${id}`);
});

it("navigates without loading a document", async () => {
  const page = await visit();
  await page.goto("/");
  await hydrated(page);
  await page.evaluate("window.isSameDocument = true");
  await page.getByRole("link", { name: "Sign in" }).first().click();
  await page.waitForURL("**/auth/signin");
  expect(await page.evaluate("window.isSameDocument")).toBe(true);
});

it("names the version of its scripts, so that versions are not mixed", async () => {
  const html = await (await fetch(stackFile().url)).text();
  expect(html).toContain(`data-dpl-id="${fingerprint()}"`);
  const scripts = [...html.matchAll(/<script[^>]* src="([^"]*)"/g)].map(([, url]) => url);
  expect(scripts).not.toEqual([]);
  expect(scripts.filter((url) => !url?.endsWith(`?dpl=${fingerprint()}`))).toEqual([]);
  const payload = await fetch(`${stackFile().url}/auth/signin`, { headers: { RSC: "1" } });
  expect(payload.headers.get("x-nextjs-deployment-id")).toBe(fingerprint());
});

it("loads the document when a link leads to a server of another version", async () => {
  const page = await visit();
  await page.route("**/auth/signin?*_rsc=*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      headers: { ...response.headers(), "x-nextjs-deployment-id": "another" },
    });
  });
  await page.goto("/");
  await hydrated(page);
  await page.evaluate("window.isSameDocument = true");
  await page.getByRole("link", { name: "Sign in" }).first().click();
  await page.waitForURL("**/auth/signin");
  await hydrated(page);
  expect(await page.evaluate("window.isSameDocument")).toBeUndefined();
});

it.each([
  ["script", /<script[^>]* src="([^"?]*)/],
  ["style sheet", /<link[^>]* href="([^"?]*\.css)/],
])("recovers when a %s is missing at first, as during a deployment", async (_, url) => {
  const [, path = ""] = url.exec(await (await fetch(stackFile().url)).text()) ?? [];
  expectFailure(404, path);
  const page = await visit();
  let documents = 0;
  page.on("request", (sent) => (documents += Number(sent.isNavigationRequest())));
  // A load may request the file twice: for a preload, and after its failure for the element itself.
  await page.route(`**${path}?*`, (route) =>
    documents <= 2 ? route.fulfill({ status: 404 }) : route.continue(),
  );
  await page.addInitScript("sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1");
  await page.goto("/");
  await eventually(async () => expect(await page.evaluate("sessionStorage.loads")).toBe("3"));
  await hydrated(page);
  expect(await page.evaluate("sessionStorage.getItem('failed-loads')")).toBeNull();
});

it("passes axe", async () => {
  const page = await visit();
  await page.goto("/");
  expect(await violations(page)).toEqual([]);
});

it("is readable without JavaScript", async () => {
  const page = await visit({ javaScriptEnabled: false });
  await page.goto("/");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Tickets");
});
