import type { Page } from "playwright-core";
import { eventually } from "../../common/src/testing/eventually";
import { Client, type Credentials, bodyOf } from "../client";
import { linkTo } from "../mailbox";
import { expectFailure, visitSignedIn } from "./browser";
import { hydrated } from "./chromium";
import { button, heading, link } from "./page-actions";

const newPassword = "battery staple";

/** A session of the same user on another device. */
async function anotherSession(credentials: Credentials): Promise<Client> {
  const client = new Client();
  await bodyOf(client.signIn(credentials));
  return client;
}

const hasEnded = (client: Client) =>
  eventually(async () => expect((await bodyOf(client.currentUser())).currentUser).toBeNull());

async function changePassword(page: Page, current: string): Promise<void> {
  await page.getByLabel("Current password").fill(current);
  await page.getByLabel("New password").fill(newPassword);
  await button(page, "Change password").click();
}

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("%s", (_, javaScriptEnabled) => {
  async function openAccount() {
    const account = await visitSignedIn({ javaScriptEnabled });
    const { page } = account;
    await page.goto("/");
    await link(page, "Account").click();
    await heading(page, "Your account").waitFor();
    if (javaScriptEnabled) await hydrated(page);
    return account;
  }

  it("changes the password, and ends the other sessions", async () => {
    const { page, credentials } = await openAccount();
    const { email, password } = credentials;
    const other = await anotherSession(credentials);
    await changePassword(page, password);
    await page.getByText("Your password was changed").waitFor();
    await hasEnded(other);
    expect((await new Client().signIn({ email, password })).status).toBe(400);
    expect((await new Client().signIn({ email, password: newPassword })).status).toBe(200);
    await page.goto("/orders");
    await heading(page, "My orders").waitFor();
  });

  it("rejects a wrong current password, at its field", async () => {
    const { page, credentials } = await openAccount();
    if (javaScriptEnabled) expectFailure(400, "/api/users/password");
    await changePassword(page, "wrong horse");
    const field = page.getByLabel("Current password").and(page.locator("[aria-invalid=true]"));
    await field.waitFor();
    const description = page.locator(`[id="${await field.getAttribute("aria-describedby")}"]`);
    expect(await description.textContent()).toBe("Incorrect password");
    expect(page.url()).not.toContain("horse");
    if (javaScriptEnabled) await field.and(page.locator(":focus")).waitFor();
    expect(await page.getByLabel("New password").inputValue()).toBe(javaScriptEnabled ? newPassword : "");
    await anotherSession(credentials);
  });

  it("signs out on all other devices", async () => {
    const { page, credentials, client } = await openAccount();
    const other = await anotherSession(credentials);
    await button(page, "Sign out on all other devices").click();
    await page.getByText("You are signed out on all other devices").waitFor();
    await hasEnded(other);
    await hasEnded(client);
    await page.goto("/orders");
    await heading(page, "My orders").waitFor();
  });

  it("deletes the account, after asking for the password", async () => {
    const { page, client, credentials } = await openAccount();
    await link(page, "Delete your account").click();
    await heading(page, "Delete your account?").waitFor();
    if (javaScriptEnabled) {
      await hydrated(page);
      expectFailure(400, "/api/users/deletion");
    }
    await page.getByLabel("Password").fill("wrong horse");
    await button(page, "Delete account").click();
    await page.getByText("Incorrect password").waitFor();
    await page.getByLabel("Password").fill(credentials.password);
    await button(page, "Delete account").click();
    await heading(page, "Account deleted").waitFor();
    expect((await page.context().cookies()).filter(({ name }) => name === "session")).toEqual([]);
    await hasEnded(client);
    expect((await new Client().signIn(credentials)).status).toBe(400);
  });

  it("sends an email that confirms the address", async () => {
    const { page, credentials } = await openAccount();
    const first = await linkTo(credentials.email, "Confirm your email address");
    await button(page, "Send a confirmation email").click();
    await page.getByText("We have sent you an email with a link").waitFor();
    await eventually(async () => {
      const latest = await linkTo(credentials.email, "Confirm your email address");
      expect(latest).not.toBe(first);
      await page.goto(latest);
    });
    await button(page, "Confirm").click();
    await heading(page, "Email confirmed").waitFor();
    await page.goto("/account");
    await page.getByText("Confirmed", { exact: true }).waitFor();
    expect(await button(page, "Send a confirmation email").count()).toBe(0);
  });
});
