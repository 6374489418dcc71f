import { join } from "node:path";
import { transformFile } from "@swc/core";
import type { Page, Route } from "playwright-core";
import { root } from "../../infra/local/program";
import { stackFile } from "../stack";

// Stripe.js cannot be reached in tests: client/test/stripe-js.ts is served in its place, and Stripe's hosts are the sandbox.

const address = /^https:\/\/js\.stripe\.com\/\w+\/stripe\.js/;

export async function serveStripeJs(page: Page): Promise<void> {
  const { code } = await transformFile(join(root, "client/test/stripe-js.ts"), {
    jsc: { target: "es2023", parser: { syntax: "typescript" } },
  });
  await page.unroute(address);
  await page.route("https://js.stripe.com/frame", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Stripe</title>" }),
  );
  // In a function, because the file is a module, and Stripe.js a script.
  await page.route(address, (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `(() => {${code.replace(/^export .*$/m, "")}})()`,
    }),
  );
  await page.route(/^https:\/\/(api|hooks)\.stripe\.com\//, askSandbox);
}

export async function blockStripeJs(page: Page): Promise<void> {
  await page.route(address, (route) => route.abort());
}

async function askSandbox(route: Route): Promise<void> {
  const { pathname } = new URL(route.request().url());
  const path = pathname === "/v1/confirmation_tokens" ? "/v1/test_helpers/confirmation_tokens" : pathname;
  const response = await route.fetch({
    url: stackFile().servers.stripe + path,
    headers: { ...route.request().headers(), authorization: "Bearer sk_test_browser" },
  });
  await route.fulfill({ response, headers: { ...response.headers(), "access-control-allow-origin": "*" } });
}

/** The page of the bank. */
export const challenge = (page: Page) => page.frameLocator("iframe[title='Your bank']");
