import { validateRequest } from "@eventhive/common";
import type { Request } from "express";
import { body } from "express-validator";
import type { TicketDetails } from "../models/ticket";
import { checkTitle, normalizeTitle } from "../title";

const isPrice = (price: unknown) =>
  typeof price === "number" && price >= 0.5 && price <= 999_999.99 && Number(price.toFixed(2)) === price;

/** Leaves the details in the body for `detailsOf`, the title normalized. */
export const validateTicket = [
  body("title").customSanitizer(normalizeTitle).custom(checkTitle),
  body("price")
    .custom(isPrice)
    .withMessage("The price must be a number from 0.50 to 999,999.99 with at most two decimals"),
  validateRequest,
];

/** The details in a validated body, without anything else that was sent. */
export const detailsOf = ({ body: { title, price } }: Request): TicketDetails => ({ title, price });
