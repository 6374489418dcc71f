import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { bodyOf, Client, type Credentials } from "../client";
import { linkTo } from "../mailbox";
import { expectFailure, visit } from "./browser";
import { hydrated } from "./chromium";
import { button, heading, link } from "./page-actions";

const newPassword = "battery staple";
const addressOf = (page: Page) => page.url().replace(/^http:\/\/[^/]+/, "");

async function newAccount(): Promise<{ client: Client; credentials: Credentials }> {
  const credentials = { email: `${randomUUID()}@example.com`, password: "correct horse" };
  const client = new Client();
  await bodyOf(client.signUp(credentials));
  return { client, credentials };
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
}

/** The addresses that the page's requests have as `Referer`, and those that it has visited. */
function watchAddresses(page: Page): string[] {
  const addresses: string[] = [];
  page.on("request", (request) => addresses.push(request.headers().referer ?? ""));
  page.on("framenavigated", (frame) => addresses.push(frame.url()));
  return addresses;
}

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("%s", (_, javaScriptEnabled) => {
  const open = async (page: Page, path: string) => {
    await page.goto(path);
    if (javaScriptEnabled) await hydrated(page);
  };

  it("sets a new password via a link, which works once", async () => {
    const { email, password } = (await newAccount()).credentials;
    const page = await visit({ javaScriptEnabled });
    await open(page, "/auth/signin");
    await link(page, "Forgot your password?").click();
    await heading(page, "Forgot your password?").waitFor();
    if (javaScriptEnabled) await hydrated(page);
    await page.getByLabel("Email").fill(email);
    await button(page, "Send reset link").click();
    await heading(page, "Check your email").waitFor();

    const path = await linkTo(email, "Reset your password");
    const addresses = watchAddresses(page);
    await open(page, path);
    expect(addressOf(page)).toBe("/reset-password");
    await page.getByLabel("New password").fill(newPassword);
    await button(page, "Save new password").click();
    await page.getByText("Your password was changed").waitFor();
    const [, token = ""] = path.split("token=");
    expect(token.length).toBeGreaterThan(60);
    expect(addresses.filter((address) => address.includes(token))).toEqual([]);

    await signIn(page, email, newPassword);
    await button(page, "Sign out").waitFor();
    expect((await new Client().signIn({ email, password })).status).toBe(400);
    expect(await linkTo(email, "Your password was changed")).toBe("/forgot-password");

    if (javaScriptEnabled) expectFailure(400, "/api/users/password-reset/confirm");
    await open(page, path);
    await page.getByLabel("New password").fill("another password");
    await button(page, "Save new password").click();
    expect(await page.getByRole("main").getByRole("alert").textContent()).toContain(
      "has expired or has already been used",
    );
  });

  it("verifies an email when its owner presses the button, not when the link is opened", async () => {
    const { client, credentials } = await newAccount();
    const isVerified = async () => (await bodyOf(client.verification())).emailVerified;
    const path = await linkTo(credentials.email, "Confirm your email address");
    const page = await visit({ javaScriptEnabled });
    const addresses = watchAddresses(page);
    await open(page, path);
    expect(addressOf(page)).toBe("/verify-email");
    expect(await isVerified()).toBe(false);
    await button(page, "Confirm").click();
    await heading(page, "Email confirmed").waitFor();
    expect(await isVerified()).toBe(true);
    const [, token = ""] = path.split("token=");
    expect(addresses.filter((address) => address.includes(token))).toEqual([]);

    await open(page, path);
    await button(page, "Confirm").click();
    expect(await page.getByRole("main").getByRole("alert").textContent()).toContain(
      "has expired or has already been used",
    );
  });
});

it("keeps the token in a cookie of its page only", async () => {
  const page = await visit();
  await page.goto("/reset-password?token=abc");
  expect(await page.context().cookies()).toMatchObject([
    { name: "link", value: "abc", path: "/reset-password", httpOnly: true, sameSite: "Lax" },
  ]);
  await page.context().clearCookies();
  await page.goto("/reset-password?token=a%3B%20b");
  await page.getByText("Open the link in the email again").waitFor();
  expect(await page.context().cookies()).toEqual([]);
});

it("responds the same for an email without an account", async () => {
  const page = await visit();
  await page.goto("/forgot-password");
  await hydrated(page);
  await page.getByLabel("Email").fill(`${randomUUID()}@example.com`);
  await button(page, "Send reset link").click();
  await heading(page, "Check your email").waitFor();
});
