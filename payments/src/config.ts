import { choice, durationInSeconds, settings, text, url, wholeNumber } from "@eventhive/common";
import { assertTwoDecimalCurrency } from "./money";

export const config = settings({
  STRIPE_KEY: text(),
  /** The address of Stripe's API, if not Stripe's own. */
  STRIPE_API_URL: url().optional(),
  STRIPE_TIMEOUT_SECONDS: wholeNumber().default(15),
  /** How new payments are started; existing ones are finished either way. */
  PAYMENT_FLOW: choice("intents", "charges").default("intents"),
  /** The secret of the webhook that Stripe calls, if there is one, and the previous one during a rotation. */
  STRIPE_WEBHOOK_SECRET: text().optional(),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: text().optional(),
  /** For how long a request repeats a charge that has no outcome yet. */
  CHARGE_RETRY_SECONDS: wholeNumber().default(5),
  /** For how long after the last attempt a charge without a response may still appear at Stripe. */
  CHARGE_OUTCOME_TIMEOUT: durationInSeconds().default(10 * 60),
  /** How far back the frequent comparison with Stripe looks, for charges that appear even later. Stripe's keys last 24 hours. */
  LATE_CHARGE_WINDOW: durationInSeconds().default(26 * 3600),
  /** How often charges of failed payments are looked for within that window. */
  LATE_CHARGE_INTERVAL: durationInSeconds().default(3600),
  /** How far back the rarer comparison with Stripe looks, for refunds, disputes and lost charges. */
  RECONCILE_WINDOW: durationInSeconds().default(7 * 24 * 3600),
  /** How often it runs. */
  RECONCILE_INTERVAL: durationInSeconds().default(24 * 3600),
  /** Payments of one user that follow another one of their order, with another card or the same card again. */
  MAX_OTHER_CARDS_PER_HOUR: wholeNumber().default(20),
  /** Of one IPv4 address or IPv6 /64. */
  MAX_OTHER_CARDS_PER_NETWORK_PER_HOUR: wholeNumber().default(100),
  /** Of one IPv6 /48. */
  MAX_OTHER_CARDS_PER_SITE_PER_HOUR: wholeNumber().default(300),
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
