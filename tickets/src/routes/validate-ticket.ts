import { validateRequest } from "@eventhive/common";
import { body } from "express-validator";

const isTitle = (title: unknown) =>
  typeof title === "string" && title.trim().length >= 1 && title.trim().length <= 200;

const isPrice = (price: unknown) =>
  typeof price === "number" && price >= 0.5 && price <= 999_999.99 && Number(price.toFixed(2)) === price;

/** Leaves `TicketDetails` in the body, its title trimmed. */
export const validateTicket = [
  body("title").custom(isTitle).withMessage("The title must have 1 to 200 characters").trim(),
  body("price")
    .custom(isPrice)
    .withMessage("The price must be a number from 0.50 to 999,999.99 with at most two decimals"),
  validateRequest,
];
