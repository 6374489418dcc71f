import { person } from "../client";
import { ticketOnSale } from "../market";
import { visit } from "./browser";
import { heading } from "./page-actions";

it("owns up to a page that broke, and shows it again when asked to", async () => {
  const { title, ...ticket } = await ticketOnSale(await person("seller"));
  const page = await visit();
  // What no service says, and React throws at: words that are no text.
  const news = JSON.stringify({ ...ticket, version: ticket.version + 1, title: { en: title } });
  const body = `event: ticket\ndata: ${news}\n\n`;
  const stream = { contentType: "text/event-stream", body };
  await page.route("**/api/tickets/stream?*", (route) => route.fulfill(stream), { times: 1 });
  await page.addInitScript("console.error = (error) => (window.complaint = error)");
  await page.goto("/");
  await heading(page, "Something went wrong on our side").waitFor();
  expect(await page.evaluate("String(window.complaint)")).toContain("React error #31");

  await page.getByRole("button", { name: "Try again" }).click();
  await heading(page, "Tickets from person to person").waitFor();
  await page.getByRole("link", { name: title }).first().waitFor();
});
