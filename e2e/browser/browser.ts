import { randomUUID } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { bodyOf, Client, type Credentials } from "../client";
import { stackFile } from "../stack";
import { launch, screens } from "./chromium";
import { ConsoleErrors, type Failure } from "./console-errors";
import { Traffic } from "./traffic";

export interface PageOptions {
  screen?: keyof typeof screens;
  colorScheme?: "light" | "dark";
  javaScriptEnabled?: boolean;
  /** Stays open until the last test of the file. Between tests, the page is blank. */
  isKept?: boolean;
}

let browser: Browser;
let contexts: BrowserContext[] = [];
const keptPages: Page[] = [];
let consoleErrors = new ConsoleErrors();
let traffic = new Traffic();

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

// An unexpected console error fails the test, and so does an undocumented response, even when all its assertions pass.
afterEach(async () => {
  await Promise.all([...contexts.map((context) => context.close()), ...keptPages.map(clear)]);
  const [errors, responses] = [consoleErrors, traffic];
  [consoleErrors, traffic, contexts] = [new ConsoleErrors(), new Traffic(), []];
  await responses.mustBeDocumented();
  errors.mustBeExpected();
});

/** Leaves nothing of the last test but cookies and caches. */
async function clear(page: Page): Promise<void> {
  if (page.url() === "about:blank") return;
  await page.unrouteAll();
  await page.goto("about:blank");
  await page.setViewportSize(screens.desktop);
  await page.emulateMedia({ colorScheme: null });
}

/** A blank page in a browser context of its own. */
export async function visit({
  screen = "desktop",
  isKept = false,
  ...options
}: PageOptions = {}): Promise<Page> {
  const baseURL = stackFile().url;
  const context = await browser.newContext({
    baseURL,
    viewport: screens[screen],
    isMobile: screen === "phone",
    hasTouch: screen === "phone",
    locale: "en-US",
    ...options,
  });
  context.on("console", (message) => consoleErrors.add(message));
  context.on("weberror", (error) => consoleErrors.addUncaught(error));
  context.on("response", (response) => traffic.add(response));
  const page = await context.newPage();
  if (isKept) keptPages.push(page);
  else contexts.push(context);
  return page;
}

/** A blank page that is signed in to a new account, and an API client for the same account. */
export async function visitSignedIn(
  options?: PageOptions,
): Promise<{ page: Page; client: Client; credentials: Credentials }> {
  const page = await visit(options);
  const credentials = { email: `${randomUUID()}@example.com`, password: "correct horse" };
  const client = new Client();
  await bodyOf(client.signUp(credentials));
  const signedIn = await page.context().request.post("/api/users/signin", { data: credentials });
  if (!signedIn.ok()) throw new Error(`got ${signedIn.status()} ${await signedIn.text()}`);
  return { page, client, credentials };
}

/**
 * Expects failed requests to the path: browsers log a console error for every response of 400 and above, and every failed
 * connection. Unexpected ones fail the test, and so do expected ones that do not occur.
 */
export function expectFailure(failure: Failure, path: string): void {
  consoleErrors.expect(failure, path);
}

/** For a failed request that depends on which of two processes is faster. */
export function allowFailure(failure: Failure, path: string): void {
  consoleErrors.allow(failure, path);
}
