import { newUser } from "../client";
import { ticketOnSale } from "../setup";
import { visit } from "./browser";
import { heading } from "./page-actions";

it("shows an error page, and recovers when the user tries again", async () => {
  const { title, ...ticket } = await ticketOnSale(await newUser("seller"));
  const page = await visit();
  // An event that no service sends: React throws when it renders an object.
  const event = JSON.stringify({ ...ticket, version: ticket.version + 1, title: { en: title } });
  const body = `event: ticket\ndata: ${event}\n\n`;
  const stream = { contentType: "text/event-stream", body };
  await page.route("**/api/tickets/stream?*", (route) => route.fulfill(stream), { times: 1 });
  await page.addInitScript("console.error = (error) => (window.loggedError = error)");
  await page.goto("/");
  await heading(page, "Something went wrong on our side").waitFor();
  expect(await page.evaluate("String(window.loggedError)")).toContain("React error #31");

  await page.getByRole("button", { name: "Try again" }).click();
  await heading(page, "Tickets, person to person").waitFor();
  await page.getByRole("link", { name: title }).first().waitFor();
});
