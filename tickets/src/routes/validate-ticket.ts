import { validateRequest } from "@eventhive/common";
import { body } from "express-validator";
import { checkTitle, normalizeTitle } from "../title";

const isPrice = (price: unknown) =>
  typeof price === "number" && price >= 0.5 && price <= 999_999.99 && Number(price.toFixed(2)) === price;

/** Leaves `TicketDetails` in the body, its title normalized. */
export const validateTicket = [
  body("title").customSanitizer(normalizeTitle).custom(checkTitle),
  body("price")
    .custom(isPrice)
    .withMessage("The price must be a number from 0.50 to 999,999.99 with at most two decimals"),
  validateRequest,
];
