import { type EventData, events, named, resource } from "@eventhive/common";
import { body } from "express-validator";
import { z } from "zod";
import { checkTitle, maxTitleLength, normalizeTitle } from "../title";

const priceRule = "The price must be a number from 0.50 to 999,999.99 with at most two decimals";
const priceRange = { minimum: 0.5, maximum: 999_999.99 };
const isPrice = (price: unknown) =>
  typeof price === "number" &&
  price >= priceRange.minimum &&
  price <= priceRange.maximum &&
  Number(price.toFixed(2)) === price;

/** The details that a seller enters. */
export const ticketBody = z.object({
  title: z.string().meta({ minLength: 1, maxLength: maxTitleLength, examples: ["Kite festival, Saturday"] }),
  price: z
    .number({ error: priceRule })
    .refine(isPrice, priceRule)
    .meta({ ...priceRange, multipleOf: 0.01, examples: [19.99] }),
});

/** The rules of a title, which is normalized first. */
export const isTitle = () => body("title").customSanitizer(normalizeTitle).custom(checkTitle);

const ticket = resource("ticket:updated");
const exampleState: EventData<"ticket:updated"> = {
  id: "6553f1000000000000000001",
  version: 0,
  title: "Kite festival, Saturday",
  price: 19.99,
  userId: "6553f1000000000000000002",
  status: "available",
  withdrawn: false,
};
const example = { ...exampleState, createdAt: "2026-06-01T17:00:00.000Z" };

/** A ticket as responses show it. */
export const ticketResource = named("Ticket", ticket, example);

/** A ticket in a list; in its seller's own list, also how many reservations ended unpaid. */
export const listedTicket = named(
  "ListedTicket",
  ticket.extend({ unpaidReservations: z.int().nonnegative().optional() }),
  { ...example, unpaidReservations: 2 },
);

/** A ticket as streams and events show it. */
export const ticketState = events["ticket:updated"].meta({ examples: [exampleState] });
