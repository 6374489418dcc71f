import { randomUUID } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { bodyOf, Client, type Credentials } from "../client";
import { stackFile } from "../stack";
import { launch, screens } from "./chromium";
import { Complaints, type Failure } from "./complaints";

export interface Visit {
  screen?: keyof typeof screens;
  colorScheme?: "light" | "dark";
  javaScriptEnabled?: boolean;
}

let browser: Browser;
let contexts: BrowserContext[] = [];
let complaints = new Complaints();

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

// A page that complains fails its test, even one that shows what it should.
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  const heard = complaints;
  complaints = new Complaints();
  contexts = [];
  heard.mustBeExpected();
});

/** A page of somebody's own browser, with nothing open yet: `page.goto("/")`. */
export async function visit({ screen = "desktop", ...options }: Visit = {}): Promise<Page> {
  const baseURL = stackFile().url;
  const context = await browser.newContext({
    baseURL,
    viewport: screens[screen],
    isMobile: screen === "phone",
    hasTouch: screen === "phone",
    locale: "en-US",
    ...options,
  });
  contexts.push(context);
  complaints.listenTo(context);
  return context.newPage();
}

/** The page of somebody who has just signed up, and the same one's hand on the API. */
export async function visitSignedIn(
  options?: Visit,
): Promise<{ page: Page; client: Client; credentials: Credentials }> {
  const page = await visit(options);
  const credentials = { email: `${randomUUID()}@example.com`, password: "correct horse" };
  const client = new Client();
  await bodyOf(client.signUp(credentials));
  const signedIn = await page.context().request.post("/api/users/signin", { data: credentials });
  if (!signedIn.ok()) throw new Error(`answered ${signedIn.status()} ${await signedIn.text()}`);
  return { page, client, credentials };
}

/**
 * The console calls every answer of 400 and above, and every connection that breaks, an error; without this for its
 * path, the test fails.
 */
export function expectFailure(how: Failure, path: string): void {
  complaints.expect(how, path);
}
