import { settings, text, url, wholeNumber } from "@eventhive/common";
import { assertTwoDecimalCurrency } from "./money";

export const config = settings({
  STRIPE_KEY: text(),
  /** Where Stripe's API is spoken, when not at Stripe itself. */
  STRIPE_API_URL: url().optional(),
  STRIPE_TIMEOUT_SECONDS: wholeNumber().default(15),
  /** ISO 4217, with two decimals. */
  CURRENCY: text()
    .toLowerCase()
    .default("usd")
    .superRefine((currency, context) => {
      try {
        assertTwoDecimalCurrency(currency);
      } catch (error) {
        context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
      }
    }),
});
