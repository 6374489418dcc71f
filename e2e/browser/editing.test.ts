import { bodyOf } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { visitSignedIn } from "./browser";
import { hydrated } from "./chromium";
import { button, heading, link } from "./page-actions";

it("shows the current ticket when a seller goes back after an edit", async () => {
  const { page, client } = await visitSignedIn();
  const { id } = await bodyOf(client.sell("Chamber music", 20));
  await page.goto("/listings");
  await hydrated(page);
  await link(page, "Edit Chamber music").click();
  const [title, price] = [page.getByLabel("Title"), page.getByLabel("Price in USD")];
  await title.fill("Early music");
  await price.fill("25,50");
  await page.getByText("Your ticket will be listed for $25.50.").waitFor();
  await button(page, "Save changes").click();
  await heading(page, "Early music").waitFor();

  await page.goBack();
  await eventually(async () => {
    expect([await title.inputValue(), await price.inputValue()]).toEqual(["Early music", "25.50"]);
  });
  await button(page, "Save changes").click();
  await heading(page, "Early music").waitFor();
  expect(await bodyOf(client.ticket({ id }))).toMatchObject({ title: "Early music", price: 25.5 });

  await page.goBack();
  await page.goBack();
  await link(page, "Early music").first().waitFor();
});

it.each([
  ["1.250,00", 1250],
  ["9,99", 9.99],
])("accepts the price %s, and shows how it was read before listing", async (typed, price) => {
  const { page, client } = await visitSignedIn();
  await page.goto("/tickets/new");
  await hydrated(page);
  await page.getByLabel("Title").fill("Chamber music");
  await page.getByLabel("Price in USD").fill(typed);
  const shown = new Intl.NumberFormat("en-US", { style: "currency", currency: "usd" }).format(price);
  await page.getByText(`Your ticket will be listed for ${shown}.`).waitFor();
  await button(page, "List ticket").click();
  await heading(page, "Chamber music").waitFor();
  expect(await bodyOf(client.tickets("?mine=true"))).toMatchObject([{ price }]);
});

it("rejects an ambiguous price", async () => {
  const { page, client } = await visitSignedIn();
  await page.goto("/tickets/new");
  await hydrated(page);
  await page.getByLabel("Title").fill("Chamber music");
  await page.getByLabel("Price in USD").fill("1,250");
  await button(page, "List ticket").click();
  await page.locator("[aria-invalid=true]").waitFor();
  expect(await bodyOf(client.tickets("?mine=true"))).toEqual([]);
});
