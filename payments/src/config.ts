import { choice, durationInSeconds, settings, text, url, wholeNumber } from "@eventhive/common";
import { assertTwoDecimalCurrency } from "./money";

export const config = settings({
  STRIPE_KEY: text(),
  /** Where Stripe's API is spoken, when not at Stripe itself. */
  STRIPE_API_URL: url().optional(),
  STRIPE_TIMEOUT_SECONDS: wholeNumber().default(15),
  /** How payments are begun; those that exist are finished either way. */
  PAYMENT_FLOW: choice("intents", "charges").default("intents"),
  /** Of the webhook endpoint that Stripe calls, if there is one, and while it is replaced, the one before. */
  STRIPE_WEBHOOK_SECRET: text().optional(),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: text().optional(),
  /** For how long a request repeats a charge that has no outcome yet. */
  CHARGE_RETRY_SECONDS: wholeNumber().default(5),
  /** For how long after the last attempt a charge without a response may still appear at Stripe. */
  CHARGE_OUTCOME_TIMEOUT: durationInSeconds().default(10 * 60),
  /** How far back the frequent comparison with Stripe looks, for charges that come even later. Stripe's keys live for 24 hours. */
  LATE_CHARGE_WINDOW: durationInSeconds().default(26 * 3600),
  /** How often charges of failed payments are looked for within that window. */
  LATE_CHARGE_INTERVAL: durationInSeconds().default(3600),
  /** How far back the rarer comparison with Stripe looks, for refunds, disputes and lost charges. */
  RECONCILE_WINDOW: durationInSeconds().default(7 * 24 * 3600),
  /** How often it begins. */
  RECONCILE_INTERVAL: durationInSeconds().default(24 * 3600),
  /** How many days after its end the replica of an order that was cancelled is pruned, unless it was paid. */
  ORDER_REPLICA_DAYS: wholeNumber().default(30),
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
