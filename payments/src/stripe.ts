import { clock, seconds } from "@eventhive/common";
import { config } from "./config";
import { type IntentGateway, stripeIntentGateway } from "./intent-gateway";
import { type PaymentGateway, stripeGateway } from "./payment-gateway";
import type { StripeOptions } from "./stripe-client";

/** The timeout of a request to Stripe, after which its outcome is unknown. */
export const gatewayTimeout = (): number => seconds(config.STRIPE_TIMEOUT_SECONDS);

/** How long a request to pay sends its requests to Stripe again. */
export const retryTime = (): number => seconds(config.CHARGE_RETRY_SECONDS);

/** When a request to pay that begins now is over: after Stripe's timeout plus the time for retries. */
export const responseDeadline = (): number => clock.now() + gatewayTimeout() + retryTime();

/** After this long without a charge, an attempt without a response is assumed to have charged nothing. */
export const chargeOutcomeTimeout = (): number => seconds(config.CHARGE_OUTCOME_TIMEOUT);

const options = (): StripeOptions => ({
  apiKey: config.STRIPE_KEY,
  apiUrl: config.STRIPE_API_URL,
  timeoutMs: gatewayTimeout(),
});

let charges: PaymentGateway | undefined;
let intents: IntentGateway | undefined;

/** The gateways of this process, made when they are first needed: the settings have been checked by then. */
export const gateway = (): PaymentGateway => (charges ??= stripeGateway(options()));
export const intentGateway = (): IntentGateway => (intents ??= stripeIntentGateway(options()));
