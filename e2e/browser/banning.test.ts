import { bodyOf } from "../client";
import { run } from "../stack";
import { visitSignedIn } from "./browser";
import { hydrated } from "./chromium";
import { button } from "./page-actions";

it("lets an administrator find a user, ban them with a reason, and end the ban", async () => {
  const [{ page, credentials: admin }, { client, credentials: user }] = [
    await visitSignedIn(),
    await visitSignedIn(),
  ];
  await run("auth", "grant-admin", admin.email);
  await page.goto("/admin");
  await hydrated(page);
  await page.getByLabel("User’s email").fill(user.email.toUpperCase());
  await button(page, "Find").click();
  await page.getByRole("heading", { name: user.email }).waitFor();
  await hydrated(page);

  await page.getByLabel("Reason").fill("Sells forged tickets");
  await button(page, "Ban this user").click();
  await page.getByText(`banned by ${admin.email} (Sells forged tickets)`).waitFor();
  expect(await client.signIn(user)).toMatchObject({ status: 403, body: { code: "banned" } });

  await button(page, "End the ban").first().click();
  await page.getByRole("dialog").getByRole("button", { name: "End the ban" }).click();
  await page.getByText(`ban ended by ${admin.email}`).waitFor();
  await bodyOf(client.signIn(user));
});
